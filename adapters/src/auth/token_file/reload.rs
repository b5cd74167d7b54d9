//! Following the changes of a token file.

use std::{sync::Weak, time::Instant};

use tokio::time::sleep;

use super::{
    ParseTokenFileError, Timing, TokenFile, TokenFileError,
    debounce::Debounce,
    reader::{Content, Reader},
    table::TokenTable,
};

/// Reads the file again and again, and puts its changes into effect.
pub(super) struct Reload {
    timing: Timing,
    reader: Reader,
    debounce: Debounce,
    /// Why the last stable content is not in effect.
    invalid: Option<ParseTokenFileError>,
    /// The tokens in effect were those of the file at this time.
    confirmed: Instant,
    /// Why the last attempt did not confirm them.
    problem: Option<Problem>,
}

/// Why it is not known which tokens are valid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    /// The file is missing, unreadable or invalid.
    #[error("{0}")]
    Error(String),
    /// It has not been read with one content twice in a row. That is normal when it is edited, for a second.
    #[error("it changes all the time")]
    Changing,
}

impl Reload {
    /// Follows the file from the content that is in effect.
    pub(super) fn new(timing: Timing, reader: Reader, content: Content) -> Self {
        Self {
            timing,
            reader,
            debounce: Debounce::new(content.text),
            invalid: None,
            confirmed: content.started,
            problem: None,
        }
    }

    /// Runs until the authenticator is dropped.
    pub(super) async fn run(mut self, file: Weak<TokenFile>) {
        loop {
            sleep(self.timing.poll_interval).await;
            let Some(file) = file.upgrade() else { return };

            match self.attempt(&file).await {
                Ok(confirmed) => {
                    self.confirmed = confirmed;
                    self.problem = None;
                    // A read that hung for long tells what the file was then.
                    if confirmed.elapsed() < self.timing.grace_period {
                        file.open_again();
                    }
                }
                Err(problem) => self.fail(&file, problem),
            }
        }
    }

    /// Reads the file once. Returns the time at which the tokens in effect were those of the file.
    async fn attempt(&mut self, file: &TokenFile) -> Result<Instant, Problem> {
        let Content { text, started } = self
            .reader
            .read()
            .await
            .map_err(|error| Problem::Error(TokenFileError::Read(error).to_string()))?;

        if self.debounce.is_stable(text) {
            match TokenTable::parse(&self.debounce.stable) {
                Ok(table) => {
                    file.replace(table);
                    self.invalid = None;
                }
                Err(error) => self.invalid = Some(error),
            }
        }

        if !self.debounce.is_settled() {
            return Err(Problem::Changing);
        }
        match &self.invalid {
            Some(error) => Err(Problem::Error(error.to_string())),
            None => Ok(started),
        }
    }

    /// Logs each problem once, and closes the authenticator when the tokens have not been confirmed for too long.
    fn fail(&mut self, file: &TokenFile, problem: Problem) {
        let grace_period = self.timing.grace_period;
        let seconds = grace_period.as_secs();

        if self.confirmed.elapsed() >= grace_period {
            file.close(grace_period, &problem);
        } else if problem != Problem::Changing && self.problem.as_ref() != Some(&problem) {
            tracing::warn!(
                "API_TOKENS_FILE: {problem}; the tokens of its last valid content remain valid for at most {seconds} s"
            );
        }
        self.problem = Some(problem);
    }
}
