//! Which requests are traced, by the names of the OpenTelemetry specification.

use opentelemetry_sdk::trace::Sampler;

use super::reader::Reader;

pub(super) const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
pub(super) const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

/// The sampler, with its share.
pub(super) fn read(reader: &mut Reader) -> Option<Sampler> {
    let ratio = reader.optional_with(SAMPLER_ARG, |ratio| {
        ratio.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))
    });
    let name = reader.parse_with(SAMPLER, |name| {
        let known = sampler(name, 1.0).is_some();
        known.then(|| name.to_owned())
    });

    let (ratio, name) = (ratio?, name?);
    if ratio.is_some() && !name.ends_with("traceidratio") {
        reader.problem(format!(
            "{SAMPLER_ARG} is set, but the sampler {name} has no share; set {SAMPLER}=parentbased_traceidratio as \
             well"
        ));
        return None;
    }
    sampler(&name, ratio.unwrap_or(1.0))
}

fn sampler(name: &str, ratio: f64) -> Option<Sampler> {
    let of_parent = name.strip_prefix("parentbased_");
    let root = match of_parent.unwrap_or(name) {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(ratio),
        _ => return None,
    };

    Some(if of_parent.is_some() {
        Sampler::ParentBased(Box::new(root))
    } else {
        root
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::Sampler;

    use crate::config::Config;

    #[test]
    fn samplers_have_the_names_of_the_specification() {
        let sampler = |variables: &[(&str, &str)]| {
            let on = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://traces:4318");
            let variables = [&[on], variables].concat();
            let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));

            let (config, _) = Config::load(None, variables).expect("valid");
            format!("{:?}", config.traces.expect("on").sampler)
        };
        let named = |name| sampler(&[("OTEL_TRACES_SAMPLER", name)]);
        let parent_based = |root| format!("{:?}", Sampler::ParentBased(Box::new(root)));

        assert_eq!(sampler(&[]), parent_based(Sampler::AlwaysOn));
        assert_eq!(named("always_on"), "AlwaysOn");
        assert_eq!(named("always_off"), "AlwaysOff");
        assert_eq!(named("traceidratio"), "TraceIdRatioBased(1.0)");
        assert_eq!(named("parentbased_always_off"), parent_based(Sampler::AlwaysOff));
        let share = [
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.01"),
        ];
        assert_eq!(sampler(&share), parent_based(Sampler::TraceIdRatioBased(0.01)));
    }
}
