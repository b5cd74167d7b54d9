//! `templatesite`: see [`app::cli`] for what it can be told.

use std::{env, process::ExitCode};

use app::{
    cli::{Arguments, Command, Token},
    commands,
    config::Config,
    runtime, server, telemetry,
};
use clap::Parser;

/// A request makes many small allocations, on several threads; that is what this allocator is for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit status of a wrong command line or configuration, as clap has it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment is read here, once, and handed on"
    )]
    let loaded = Config::load(arguments.config.as_deref(), env::vars_os());
    let (mut config, warnings) = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&problems.to_string());
            return ExitCode::from(USAGE);
        }
    };
    if matches!(arguments.command, Some(Command::Healthcheck)) {
        // Asked every few seconds, under a deadline: a log server that is away must not make it late, and one that is
        // there has the warnings from the service.
        config.logs.syslog = None;
    }
    let logs = telemetry::start(&config.logs);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let outcome = runtime::start(config.server.worker_threads)
        .map_err(Into::into)
        .and_then(|runtime| {
            let outcome = runtime.block_on(run(arguments.command.unwrap_or_default(), &config));
            // Dropped, it would wait for what blocks a thread, such as the look-up of a name, however long that takes.
            runtime.shutdown_background();
            outcome
        });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error}");
            drop(logs);
            if !config.logs.console {
                complain(&error.to_string());
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, config: &Config) -> Result<ExitCode, commands::CommandError> {
    match command {
        Command::Serve => return server::serve(config).await,
        Command::Migrate { direction } => commands::migrate(config, direction.unwrap_or_default()).await?,
        Command::LoadFixtures(fixtures) => commands::load_fixtures(config, &fixtures).await?,
        Command::Healthcheck => return commands::healthcheck(config).await,
        Command::Token(Token::New { name }) => commands::new_token(&name)?,
        Command::Openapi => commands::print(&openapi::spec())?,
        Command::Config { format } => commands::print_config(config, format)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// For what must be said when there is no log to say it in.
#[expect(
    clippy::print_stderr,
    reason = "there is no log yet, or none on this terminal"
)]
fn complain(message: &str) {
    eprintln!("templatesite: {message}");
}
