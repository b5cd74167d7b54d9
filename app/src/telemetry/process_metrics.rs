//! The metrics of the process: those of the Prometheus client, with a finer CPU time.

use prometheus::{
    core::{Collector, Desc},
    process_collector::ProcessCollector,
    proto::{Counter, MetricFamily},
};
use rustix::time::{ClockId, clock_gettime};

const CPU_SECONDS: &str = "process_cpu_seconds_total";

/// [`ProcessCollector`] counts CPU time in whole seconds. The rate of a service that uses a fraction of a core would
/// jump between multiples of one second per window, so that value is replaced with one in nanoseconds.
pub(super) struct ProcessMetrics(ProcessCollector);

impl ProcessMetrics {
    pub(super) fn new() -> Self {
        Self(ProcessCollector::for_self())
    }
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.0.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.0.collect();

        let cpu = families.iter_mut().filter(|family| family.name() == CPU_SECONDS);
        for metric in cpu.flat_map(MetricFamily::mut_metric) {
            let mut counter = Counter::default();
            counter.set_value(cpu_seconds());
            metric.set_counter(counter);
        }
        families
    }
}

/// The CPU time of all threads of this process since its start.
#[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::{
        hint::black_box,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn cpu_time_counts_fractions_of_a_second() {
        let metrics = ProcessMetrics::new();
        let value = || {
            let families = metrics.collect();
            let cpu = families.iter().find(|family| family.name() == CPU_SECONDS);
            cpu.expect("the CPU time").get_metric()[0]
                .get_counter()
                .get_value()
        };

        let before = value();
        let busy_until = Instant::now() + Duration::from_millis(20);
        while Instant::now() < busy_until {
            black_box(0);
        }
        let used = value() - before;

        assert!(used > 0.0 && used < 1.0, "20 ms of work counted as {used} s");
    }
}
