#!/bin/sh
# Prints the Secrets of the local overlay, with new random passwords each time:
#   sh deploy/kubernetes/overlays/local/secrets.sh | kubectl create -f -
# "create", because "apply" would replace the passwords that the databases were made with.
set -eu

# Begins with a letter, as accounts.conf requires.
secret() { echo "k$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

programs_database=$(secret)
ledger_database=$(secret)
webhooks_database=$(secret)
operator_nats=$(secret)
programs_nats=$(secret)
ledger_nats=$(secret)
webhooks_nats=$(secret)
tokens=${LOYALTY_JWT_SECRET:-$(secret)}

manifest() { # name, then lines of stringData on standard input
  printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: loyalty-local}\nstringData:\n' "$1"
  sed 's/^/  /'
  echo '---'
}

manifest postgres <<DATA
POSTGRES_PASSWORD: $(secret)
PROGRAMS_DATABASE_PASSWORD: $programs_database
LEDGER_DATABASE_PASSWORD: $ledger_database
WEBHOOKS_DATABASE_PASSWORD: $webhooks_database
DATA
manifest nats <<DATA
NATS_OPERATOR_PASSWORD: $operator_nats
NATS_PROGRAMS_PASSWORD: $programs_nats
NATS_LEDGER_PASSWORD: $ledger_nats
NATS_WEBHOOKS_PASSWORD: $webhooks_nats
NATS_PRODUCER_PASSWORD: $(secret)
NATS_CONSUMER_PASSWORD: $(secret)
DATA
manifest nats-operator <<DATA
NATS_OPERATOR_URL: nats://operator:$operator_nats@nats:4222
DATA
manifest programs <<DATA
PROGRAMS_DATABASE_URL: postgres://programs:$programs_database@postgres:5432/programs
PROGRAMS_NATS_PASSWORD: $programs_nats
PROGRAMS_JWT_SECRET: $tokens
DATA
manifest ledger <<DATA
LEDGER_DATABASE_URL: postgres://ledger:$ledger_database@postgres:5432/ledger
LEDGER_NATS_PASSWORD: $ledger_nats
LEDGER_JWT_SECRET: $tokens
DATA
manifest webhooks <<DATA
WEBHOOKS_DATABASE_URL: postgres://webhooks:$webhooks_database@postgres:5432/webhooks
WEBHOOKS_NATS_PASSWORD: $webhooks_nats
WEBHOOKS_JWT_SECRET: $tokens
DATA
manifest gateway <<DATA
GATEWAY_JWT_SECRET: $tokens
DATA
