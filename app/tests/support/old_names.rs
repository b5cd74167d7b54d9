//! Former names of this folder, for `server/` and `program/` until they use the new ones.

use std::{io, process::Child};

use super::{
    client::{Client, Response},
    service::Service,
};

pub(crate) use super::service::{Service as Running, TIMEOUT as PATIENCE};

impl Service {
    pub(crate) fn of(child: Child) -> Self {
        Self::from_child(child)
    }

    pub(crate) fn serves(&mut self) {
        self.wait_until_ready();
    }

    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        self.wait_for_log(part)
    }
}

impl Client {
    pub(crate) fn answer(&mut self) -> io::Result<Response> {
        self.response()
    }

    pub(crate) fn wait_for_the_end(&mut self) {
        self.wait_until_closed();
    }
}
