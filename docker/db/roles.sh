#!/bin/sh
# Creates two roles and gives each what it needs, so that the service does not run as the superuser of the database:
# `migration` owns the schema; `service` can read and insert and, in the tables whose items change, update and delete. The
# image of PostgreSQL runs this for a new data folder. For an existing one, or after a change of a password, run it by
# hand; it can be repeated:
#   docker-compose up -d db
#   docker-compose exec db sh /docker-entrypoint-initdb.d/roles.sh
set -eu
: "${MIGRATION_PASSWORD:?is not set, so the role "migration" has no password}"
: "${SERVICE_PASSWORD:?is not set, so the role "service" has no password}"

# By hand, this may come before the server has started.
for _ in $(seq 60); do
    pg_isready --quiet && break
    sleep 1
done

# The passwords are read from the environment, because arguments are visible to other processes.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv migration_password MIGRATION_PASSWORD
\getenv service_password SERVICE_PASSWORD
set client_min_messages = warning;
begin;

select format('create role %I', role) from unnest(array['migration', 'service']) as role
where not exists (select from pg_roles where rolname = role) \gexec
alter role migration login nosuperuser nocreatedb nocreaterole password :'migration_password';
alter role service login nosuperuser nocreatedb nocreaterole password :'service_password';

select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to migration, service', current_database()) \gexec
revoke all on schema public from public;
alter schema public owner to migration;
grant usage on schema public to service;

-- The table of sea-orm's migrations, created here because the default below would let the service insert into it: a
-- migration with a forged row is never applied.
create table if not exists seaql_migrations (version varchar primary key, applied_at bigint not null);

-- Also the tables of a database that is older than these roles.
select format('alter table %I.%I owner to migration', schemaname, tablename) from pg_tables
where schemaname = 'public' and tableowner <> 'migration' \gexec
revoke all on all tables in schema public from service;
grant select, insert on all tables in schema public to service;
revoke insert on seaql_migrations from service;

-- Items that change have versions. A later migration that creates such a table grants this by itself.
select format('grant update, delete on %I.%I to service', table_schema, table_name) from information_schema.columns
where table_schema = 'public' and column_name = 'version' and data_type = 'bigint' \gexec

alter default privileges for role migration in schema public grant select, insert on tables to service;

commit;
SQL
