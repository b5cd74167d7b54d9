//! The program: see [`app::cli`] for its commands.

use std::{env, process::ExitCode};

use app::{
    cli::{Arguments, Command, Token},
    commands::{self, CommandError},
    config::{Config, InvalidConfig},
    runtime, server,
    telemetry::{self, Logging},
    version::NAME,
};

/// A request makes many small allocations on several threads, which this allocator serves faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code for a wrong command line or configuration; clap uses the same.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::read(env::args_os()).unwrap_or_else(|error| error.exit());
    let (config, warnings) = match load_config(&arguments) {
        Ok(loaded) => loaded,
        Err(problems) => {
            print_error(&problems.to_string());
            return ExitCode::from(USAGE_ERROR);
        }
    };

    let logs = telemetry::start(&config.logs);
    for warning in warnings {
        tracing::warn!("{warning}");
    }

    run(arguments.command.unwrap_or_default(), &config, logs).unwrap_or(ExitCode::FAILURE)
}

fn load_config(arguments: &Arguments) -> Result<(Config, Vec<String>), InvalidConfig> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment is read here, once, and passed on"
    )]
    let (mut config, warnings) = Config::load(arguments.config.as_deref(), env::vars_os())?;

    if matches!(arguments.command, Some(Command::Healthcheck)) {
        // It runs every few seconds under a timeout: an unreachable log server must not delay it, and a reachable one
        // gets the same warnings from the service.
        config.logs.syslog = None;
    }

    Ok((config, warnings))
}

/// Executes a command. Its error is logged, and all of the log is written, before this returns.
fn run(command: Command, config: &Config, logs: Logging) -> Result<ExitCode, CommandError> {
    let (outcome, runtime) = match runtime::start(config.server.worker_threads) {
        // Boxed: `block_on` hands its future by value through several functions, each of which keeps a copy on the stack.
        Ok(runtime) => (
            runtime.block_on(Box::pin(execute(command, config))),
            Some(runtime),
        ),
        Err(error) => (Err(error.into()), None),
    };
    if let Err(error) = &outcome {
        tracing::error!("{error}");
    }

    // A task of the runtime ends the process at a signal, so the runtime outlives the writing of the log.
    drop(logs);
    if let Err(error) = &outcome
        && !config.logs.console
    {
        print_error(&error.to_string());
    }
    // Dropping the runtime would wait for blocking calls, such as the resolution of a name, however long they take.
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }

    outcome
}

async fn execute(command: Command, config: &Config) -> Result<ExitCode, CommandError> {
    match command {
        Command::Serve => return server::serve(config).await,
        Command::Migrate { direction } => commands::migrate(config, direction.unwrap_or_default()).await?,
        Command::LoadFixtures(fixtures) => commands::load_fixtures(config, &fixtures).await?,
        Command::Healthcheck => return commands::healthcheck(config).await,
        Command::Token(Token::New { name }) => commands::new_token(&name)?,
        Command::Openapi => commands::print(&openapi::spec(NAME))?,
        Command::Config { format } => commands::print_config(config, format)?,
    }

    Ok(ExitCode::SUCCESS)
}

/// Prints to standard error what cannot be logged.
#[expect(
    clippy::print_stderr,
    reason = "the log is not started yet, or does not go to this terminal"
)]
fn print_error(message: &str) {
    eprintln!("{NAME}: {message}");
}
