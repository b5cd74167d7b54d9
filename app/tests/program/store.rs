//! Where the data is stored, by the variables and files that say so.

use std::{fs, path::Path};

use adapters::database::{Address, PostgresAddress};
use app::{config::StoreUrl, version::NAME};
use tempfile::TempDir;

use super::{folder, load_config};

/// Where the data is stored, by this file and this environment.
pub(super) fn store(toml: &str, environment: &[(&str, &str)]) -> Result<StoreUrl, String> {
    let folder = folder();
    let file = write(&folder, "service.toml", toml);

    load_config(Some(Path::new(&file)), environment).map(|(config, _)| config.database.url)
}

pub(super) fn write(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let file = folder.path().join(name);
    fs::write(&file, content).expect("a file");
    file.to_str().expect("UTF-8").to_owned()
}

pub(super) fn postgres(url: StoreUrl) -> PostgresAddress {
    match url {
        StoreUrl::Sql(Address::Postgres(address)) => address,
        other => panic!("{other:?} is not PostgreSQL"),
    }
}

#[test]
fn parts_are_taken_literally() {
    let literal = "pa%41ss:/?#@[] '\"\\&=\u{e4}";
    let folder = folder();
    let file = write(&folder, "password", literal);
    let base = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_USER", literal),
        ("POSTGRES_DB", literal),
    ];

    for password in [("POSTGRES_PASSWORD", literal), ("POSTGRES_PASSWORD_FILE", &*file)] {
        let address = postgres(store("", &[&base[..], &[password]].concat()).expect("valid"));

        for part in [address.user, address.password, address.database] {
            assert_eq!(part.as_deref(), Some(literal));
        }
    }
}

#[test]
fn hosts_are_names_addresses_and_folders_and_nothing_else() {
    for (text, shown) in [
        ("db_1.example", "postgres://db_1.example:5432/{NAME}"),
        ("::1", "postgres://[::1]:5432/{NAME}"),
        ("[::1]", "postgres://[::1]:5432/{NAME}"),
        ("/tmp", "postgres:///{NAME}?host=/tmp&port=5432"),
        ("a,::1,[::2]", "postgres://a:5432,[::1]:5432,[::2]:5432/{NAME}"),
    ] {
        let url = store("", &[("POSTGRES_HOST", text)]).expect(text);
        assert_eq!(format!("{url:?}"), shown.replace("{NAME}", NAME));
    }

    for (text, advice) in [
        ("127.0.0.1:6432", "POSTGRES_HOST=127.0.0.1 and POSTGRES_PORT=6432"),
        ("[::1]:6432", "POSTGRES_HOST=::1 and POSTGRES_PORT=6432"),
        ("db:6432", "POSTGRES_PORT to the port"),
        ("postgres://me:hunter2@db/x", "DATABASE_URL"),
        ("a,", "a host name"),
        ("a:5432,b:5433", "POSTGRES_PORT to their ports"),
        ("127.0.0.1:5432,b", "POSTGRES_PORT to their ports"),
        ("postgres://me:hunter2@a,b/x", "DATABASE_URL"),
        ("me@db", "a host name"),
        ("db/x", "a host name"),
        ("run/postgresql", "a host name"),
        (" db", "a host name"),
    ] {
        let problems = store("", &[("POSTGRES_HOST", text)]).expect_err(text);
        assert!(problems.contains(advice), "{text}: {problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn several_hosts_have_one_port_for_all_or_one_each() {
    let url = |ports| store("", &[("POSTGRES_HOST", "a,b"), ("POSTGRES_PORT", ports)]);

    for (ports, servers) in [("5433", "a:5433,b:5433"), ("5433,5434", "a:5433,b:5434")] {
        let shown = format!("{:?}", url(ports).expect(ports));
        assert_eq!(shown, format!("postgres://{servers}/{NAME}"));
    }
    for (ports, advice) in [
        ("1,2,3", "there are 2 hosts and 3 ports"),
        ("5433,", "one for all or one for each"),
        ("5433,0", "one for all or one for each"),
    ] {
        let problems = url(ports).expect_err(ports);
        assert!(problems.contains(advice), "{ports}: {problems}");
    }
}

#[test]
fn byte_order_mark_and_line_ends_are_not_part_of_a_value() {
    let folder = folder();
    let base = ("POSTGRES_HOST", "db");
    for content in ["pw", "pw\n", "pw\r\n", "\u{feff}pw\r\n", "pw\n\n"] {
        let file = write(&folder, "password", content);
        let address = postgres(store("", &[base, ("POSTGRES_PASSWORD_FILE", &file)]).expect("valid"));
        assert_eq!(address.password.as_deref(), Some("pw"), "{content:?}");
    }

    let toml = "\u{feff}POSTGRES_HOST = 'db'\r\nPOSTGRES_PASSWORD = 'pw'\r\n";
    assert_eq!(
        postgres(store(toml, &[]).expect("valid")).password.as_deref(),
        Some("pw")
    );
}

#[test]
fn utf16_and_compressed_files_are_named_with_the_command_that_helps() {
    let folder = folder();
    let utf16: Vec<u8> = "\u{feff}pw".encode_utf16().flat_map(u16::to_le_bytes).collect();

    for (content, command) in [
        (&*utf16, "iconv -f UTF-16 -t UTF-8"),
        (&[0x1f, 0x8b, 8, 0], "gunzip"),
    ] {
        let file = write(&folder, "file", content);
        let secret = store("", &[("POSTGRES_HOST", "db"), ("POSTGRES_PASSWORD_FILE", &file)]);
        let toml = load_config(Some(Path::new(&file)), &[]).map(drop);

        for problems in [secret.map(drop), toml] {
            let problems = problems.expect_err(command);
            assert!(problems.contains(command), "{problems}");
        }
    }
}
