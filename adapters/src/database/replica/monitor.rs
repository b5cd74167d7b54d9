//! The task that watches a replica.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::Clock;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    horizon::{Horizon, Margin, Position},
    primary::{self, PrimaryPosition},
    standby::Session,
    state::State,
};
use crate::database::{
    address::{PostgresAddress, Servers},
    connect::Options,
    resilient_pool::Database,
};

/// How often primary and replica are asked.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How often a replica that is a little behind is asked again, and for how long.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const MAX_WAIT: Duration = Duration::from_millis(800);

/// Watches the standbys of a primary, and chooses one of them.
pub(super) struct Monitor {
    pub(super) primary: Database,
    pub(super) replica: Database,
    pub(super) servers: Servers,
    pub(super) address: PostgresAddress,
    pub(super) options: Options,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) margin: Margin,
    pub(super) state: Arc<State>,
}

/// What one check passes on to the next.
#[derive(Default)]
struct Progress {
    /// The last response of the primary.
    primary: Option<PrimaryPosition>,
    /// What the replica is to replay, and the horizon that it then has.
    awaited: Option<(Position, Horizon)>,
    session: Option<Session>,
    horizon: Option<Horizon>,
}

impl Monitor {
    /// Runs until it is aborted.
    pub(super) async fn run(self) {
        let mut progress = Progress::default();
        let mut checks = interval(CHECK_INTERVAL);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);

        loop {
            checks.tick().await;
            if let Err(reason) = self.check(&mut progress).await {
                progress.session = None;
                progress.horizon = None;
                self.state.withdraw(reason);
            }
        }
    }

    async fn check(&self, progress: &mut Progress) -> Result<(), String> {
        self.ask_primary(progress).await;
        let Some(primary) = progress.primary else {
            return Err("the primary has not responded yet".to_owned());
        };
        let mut session = match progress.session.take() {
            Some(session) => session,
            None => self.choose(primary).await?,
        };

        let mut standby = session.ask(&primary).await?;
        if standby.replayed > primary.position {
            self.refuse_other_history(standby.replayed).await?;
        }
        if let Some((position, horizon)) = progress.awaited {
            let deadline = Instant::now() + MAX_WAIT;
            while standby.replayed < position && Instant::now() < deadline {
                sleep(POLL_INTERVAL).await;
                standby = session.ask(&primary).await?;
            }

            if standby.replayed >= position {
                session.pin.raise_floor(position);
                session.ask(&primary).await?;
                progress.horizon = Some(horizon);
                progress.awaited = None;
            }
        }

        self.state
            .offer(session.server(), progress.horizon, Instant::now());
        progress.session = Some(session);
        Ok(())
    }

    /// Asks the primary where it is. If it does not respond, the replica still serves what it has.
    async fn ask_primary(&self, progress: &mut Progress) {
        // Before the call: everything that was acknowledged until now is before the position.
        let (time, taken) = (self.clock.now(), Instant::now());
        let primary = match primary::ask(&self.primary).await {
            Ok(primary) => primary,
            Err(error) => {
                tracing::debug!(%error, "the primary did not tell its position");
                return;
            }
        };

        let is_same =
            |known: PrimaryPosition| known.cluster == primary.cluster && known.timeline == primary.timeline;
        if !progress.primary.is_some_and(is_same) {
            progress.awaited = None;
        }
        progress.primary = Some(primary);
        progress
            .awaited
            .get_or_insert((primary.position, Horizon::new(time, taken, self.margin)));
    }

    /// Refuses a standby that is ahead of the primary, however late that is asked: a former primary that became a standby
    /// without pg_rewind. Its timeline may have the same number.
    async fn refuse_other_history(&self, replayed: Position) -> Result<(), String> {
        match primary::ask(&self.primary).await {
            Ok(primary) if replayed > primary.position => {
                Err("the standby is ahead of the primary, so it has another history".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Connects to all servers at once, and chooses the first that may serve reads.
    async fn choose(&self, primary: PrimaryPosition) -> Result<Session, String> {
        let mut attempts = JoinSet::new();
        for server in self.servers.iter() {
            let address = self.address.clone();
            attempts.spawn(Session::open(address, server.clone(), self.options, primary));
        }

        let mut reasons = Vec::new();
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(session)) => {
                    self.replica.set_pool(session.pool());
                    return Ok(session);
                }
                Ok(Err(reason)) => reasons.push(reason),
                Err(error) => reasons.push(error.to_string()),
            }
        }
        Err(reasons.join("; "))
    }
}
