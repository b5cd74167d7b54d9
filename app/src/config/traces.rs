//! Traces: whether spans are sent, where to, and of which requests. All variables are those of the OpenTelemetry
//! specification, with its names, defaults and units.

use std::{fs, time::Duration};

use adapters::otlp::{Certificates, Endpoint, Headers, ResourceAttributes, Settings};

use super::{
    reader::Reader,
    sampler::{self, SAMPLER, SAMPLER_ARG},
    variable::{BOOL, Section, Variable},
};
use crate::version::{NAME, VERSION};

pub(super) const SECTION: Section = Section {
    title: "Traces",
    variables: &[
        Variable::new(
            ENDPOINT,
            "The base URL of the OpenTelemetry collector; spans are sent to `/v1/traces` below it. If neither this nor \
             `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set, nothing is traced. Credentials belong in \
             `OTEL_EXPORTER_OTLP_HEADERS`.",
        )
        .expected(URL)
        .not_shown(),
        Variable::new(
            TRACES_ENDPOINT,
            "The URL to which spans are sent, if it is not `/v1/traces` below `OTEL_EXPORTER_OTLP_ENDPOINT`.",
        )
        .expected(URL)
        .not_shown(),
        Variable::new(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "Headers of the requests to the collector, such as credentials.",
        )
        .expected("`name=value` pairs, separated by commas, with percent-encoded values")
        .secret(),
        Variable::new(
            CERTIFICATE,
            "The PEM file of the authorities that may vouch for an `https` collector. If not set, the public ones.",
        )
        .expected("a file with certificates")
        .file(),
        Variable::new(
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "How long the delivery of a batch of spans may take, with all attempts. After that the batch is lost.",
        )
        .default("10000")
        .expected(MILLISECONDS),
        Variable::new(
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "The protocol to the collector. There is no other.",
        )
        .default("http/protobuf")
        .expected("http/protobuf"),
        Variable::new("OTEL_TRACES_EXPORTER", "With `none`, nothing is traced.")
            .default("otlp")
            .expected("otlp or none"),
        Variable::new("OTEL_SDK_DISABLED", "With `true`, nothing is traced.")
            .default("false")
            .expected(BOOL),
        Variable::new(
            "OTEL_PROPAGATORS",
            "The format in which a proxy in `TRUSTED_PROXIES` names the span that a request belongs to. Baggage has no \
             effect.",
        )
        .default("tracecontext")
        .expected("tracecontext or `tracecontext,baggage`"),
        Variable::new(
            "OTEL_SERVICE_NAME",
            "The name of the service in traces. If not set, `service.name` of `OTEL_RESOURCE_ATTRIBUTES`, else the name \
             of the program.",
        )
        .not_shown(),
        Variable::new(
            "OTEL_RESOURCE_ATTRIBUTES",
            "What else is said of the service in traces, such as `deployment.environment.name=production`.",
        )
        .expected("`key=value` pairs, separated by commas, with percent-encoded values")
        .not_shown(),
        Variable::new(SAMPLER, "Which requests are traced.")
            .default("parentbased_always_on")
            .expected(
                "always_on, always_off, traceidratio or, to do as the proxy that names a span does, \
                 parentbased_always_on, parentbased_always_off or parentbased_traceidratio",
            ),
        Variable::new(
            SAMPLER_ARG,
            "The share of requests that `traceidratio` and `parentbased_traceidratio` trace. If not set, 1.",
        )
        .expected("a number from 0 to 1, such as 0.01, with one of these samplers"),
        Variable::new(
            "OTEL_BSP_SCHEDULE_DELAY",
            "How long spans wait for others before they are sent together.",
        )
        .default("5000")
        .expected(MILLISECONDS),
        Variable::new(
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "How many spans can wait for a slow collector. Further ones are dropped and counted.",
        )
        .default("2048")
        .expected("a whole number from 1 to 1000000"),
    ],
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";

const URL: &str = "an http or https URL such as `http://traces:4318`, without user and query";
const MILLISECONDS: &str = "a whole number of milliseconds from 1 to 3600000";

/// How to trace: `Some(None)` if nothing is traced, `None` if a value is invalid. All values are checked in either case.
pub(super) fn read(reader: &mut Reader) -> Option<Option<Settings>> {
    let is_on = read_switches(reader);
    let endpoint = read_endpoint(reader);
    let headers = reader.optional_with("OTEL_EXPORTER_OTLP_HEADERS", |list| list.parse::<Headers>().ok());
    let certificates =
        reader.optional_with(CERTIFICATE, |path| Certificates::from_pem(&fs::read(path).ok()?));

    let timeout = milliseconds(reader, "OTEL_EXPORTER_OTLP_TIMEOUT");
    let delay = milliseconds(reader, "OTEL_BSP_SCHEDULE_DELAY");
    let max_queued_spans = reader.number("OTEL_BSP_MAX_QUEUE_SIZE", 1..=1_000_000);
    let (resource, sampler) = (read_resource(reader), sampler::read(reader));

    let settings = Settings {
        headers: headers?.unwrap_or_default(),
        certificates: certificates?,
        timeout: timeout?,
        resource: resource?,
        sampler: sampler?,
        max_queued_spans: usize::try_from(max_queued_spans?).ok()?,
        delay: delay?,
        endpoint: match endpoint? {
            Some(endpoint) if is_on? => endpoint,
            _ => return Some(None),
        },
    };
    Some(Some(settings))
}

/// Whether spans are wanted, and in the form in which they can be had.
fn read_switches(reader: &mut Reader) -> Option<bool> {
    let is_disabled = reader.bool("OTEL_SDK_DISABLED");
    let exporter = reader.parse_with("OTEL_TRACES_EXPORTER", |name| match name {
        "otlp" => Some(true),
        "none" => Some(false),
        _ => None,
    });
    let protocol = reader.parse_with("OTEL_EXPORTER_OTLP_PROTOCOL", |name| {
        (name == "http/protobuf").then_some(())
    });
    let propagators = reader.parse_with("OTEL_PROPAGATORS", |names| {
        let names: Vec<_> = names.split(',').map(str::trim).collect();
        let are_known = names
            .iter()
            .all(|name| ["tracecontext", "baggage"].contains(name));
        (are_known && names.contains(&"tracecontext")).then_some(())
    });

    let ((), ()) = (protocol?, propagators?);
    Some(exporter? && !is_disabled?)
}

fn read_endpoint(reader: &mut Reader) -> Option<Option<Endpoint>> {
    let base = reader.optional_with(ENDPOINT, |url| Endpoint::under(url).ok());
    let exact = reader.optional_with(TRACES_ENDPOINT, |url| Endpoint::exact(url).ok());

    let (base, exact) = (base?, exact?);
    Some(exact.or(base))
}

fn read_resource(reader: &mut Reader) -> Option<ResourceAttributes> {
    let attributes = reader.optional::<ResourceAttributes>("OTEL_RESOURCE_ATTRIBUTES");
    let name = reader.optional::<String>("OTEL_SERVICE_NAME");

    let (attributes, name) = (attributes?.unwrap_or_default(), name?);
    let attributes = match name {
        Some(name) => attributes.with("service.name", &name),
        None => attributes.or("service.name", NAME),
    };
    Some(attributes.or("service.version", VERSION))
}

fn milliseconds(reader: &mut Reader, name: &'static str) -> Option<Duration> {
    let milliseconds = reader.number(name, 1..=3_600_000)?;
    Some(Duration::from_millis(milliseconds.into()))
}

#[cfg(test)]
mod tests {
    use adapters::otlp::Settings;

    use crate::{
        config::Config,
        version::{NAME, VERSION},
    };

    fn traces(variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));

        Config::load(None, variables)
            .map(|(config, _)| config.traces)
            .map_err(|problems| problems.to_string())
    }

    const ON: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://traces:4318");

    #[test]
    fn nothing_is_traced_without_an_endpoint_or_if_switched_off() {
        for variables in [
            &[][..],
            &[("OTEL_SERVICE_NAME", "x"), ("OTEL_TRACES_SAMPLER", "always_on")],
            &[ON, ("OTEL_SDK_DISABLED", "true")],
            &[ON, ("OTEL_TRACES_EXPORTER", "none")],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")],
        ] {
            assert!(traces(variables).expect("valid").is_none(), "{variables:?}");
        }

        for variables in [
            &[ON][..],
            &[(
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "http://traces:4318/v1/traces",
            )],
        ] {
            let settings = traces(variables).expect("valid").expect("on");
            assert_eq!(settings.endpoint.to_string(), "http://traces:4318");
        }
    }

    #[test]
    fn service_is_named_by_its_variable_then_by_the_attributes_then_by_the_program() {
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,service.version=2");
        for (variables, name, version) in [
            (&[ON][..], NAME, VERSION),
            (&[ON, attributes], "a", "2"),
            (&[ON, attributes, ("OTEL_SERVICE_NAME", "b")], "b", "2"),
        ] {
            let settings = traces(variables).expect("valid").expect("on");
            let of = |key| {
                settings
                    .resource
                    .iter()
                    .find(|(other, _)| *other == key)
                    .map(|(_, value)| value)
            };
            assert_eq!(
                (of("service.name"), of("service.version")),
                (Some(name), Some(version))
            );
        }
    }

    #[test]
    fn what_cannot_be_done_is_reported_also_if_nothing_is_traced() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces:4318"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:password@traces:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://traces:4317"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_TRACES_EXPORTER", "otlp,console"),
            ("OTEL_SDK_DISABLED", "yes"),
            ("OTEL_PROPAGATORS", "b3"),
            ("OTEL_RESOURCE_ATTRIBUTES", "production"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.01"),
            ("OTEL_BSP_SCHEDULE_DELAY", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ] {
            let problems = traces(&[(name, value)]).expect_err(value);
            assert!(problems.contains(&format!("{name} is ")), "{problems}");
        }
    }

    #[test]
    fn other_variables_of_opentelemetry_are_warned_of() {
        let variables = [("OTEL_EXPORTER_OTLP_TRACES_HEADERS".into(), "a=b".into())];
        let (_, warnings) = Config::load(None, variables).expect("valid");

        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].contains("did you mean OTEL_EXPORTER_OTLP_HEADERS"),
            "{warnings:?}"
        );
    }
}
