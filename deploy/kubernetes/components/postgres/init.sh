#!/bin/sh
# Runs once, in an empty cluster: creates a database and a login for each service, which can't access anything else.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres --quiet \
  --set=programs_password="$PROGRAMS_DATABASE_PASSWORD" \
  --set=ledger_password="$LEDGER_DATABASE_PASSWORD" \
  --set=webhooks_password="$WEBHOOKS_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE programs LOGIN PASSWORD :'programs_password';
CREATE DATABASE programs OWNER programs;
REVOKE ALL ON DATABASE programs FROM PUBLIC;

CREATE ROLE ledger LOGIN PASSWORD :'ledger_password';
-- What the ledger works in: it can't change what stands in the journal. Its login may not make roles.
CREATE ROLE ledger_app NOLOGIN;
GRANT ledger_app TO ledger;
CREATE DATABASE ledger OWNER ledger;
REVOKE ALL ON DATABASE ledger FROM PUBLIC;

CREATE ROLE webhooks LOGIN PASSWORD :'webhooks_password';
CREATE ROLE webhooks_app NOLOGIN;
GRANT webhooks_app TO webhooks;
CREATE DATABASE webhooks OWNER webhooks;
REVOKE ALL ON DATABASE webhooks FROM PUBLIC;
SQL
