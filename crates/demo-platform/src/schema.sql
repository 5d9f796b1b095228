-- Times are RFC 3339 in UTC, amounts are cents of a euro.

CREATE TABLE IF NOT EXISTS people (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL CHECK (kind IN ('Investor', 'Company')),
  display_name  TEXT NOT NULL,
  email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
  phone         TEXT NOT NULL,
  address       TEXT NOT NULL,
  iban          TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('active', 'pending', 'suspended')),
  password_hash TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  updated_at    TEXT NOT NULL,
  last_seen_at  TEXT,
  -- A tag of BCP 47.
  language      TEXT NOT NULL
);

-- actor and sid are set when the session was minted for an impersonation.
CREATE TABLE IF NOT EXISTS sessions (
  token_hash TEXT PRIMARY KEY,
  person     TEXT NOT NULL REFERENCES people (id),
  actor      TEXT,
  sid        TEXT,
  created_at TEXT NOT NULL,
  CHECK ((actor IS NULL) = (sid IS NULL))
);

CREATE TABLE IF NOT EXISTS offers (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  issuer        TEXT NOT NULL,
  category      TEXT NOT NULL,
  summary       TEXT NOT NULL,
  yield_bp      INTEGER NOT NULL,
  price_cents   INTEGER NOT NULL,
  raised_cents  INTEGER NOT NULL,
  target_cents  INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS holdings (
  person TEXT NOT NULL REFERENCES people (id),
  offer  TEXT NOT NULL REFERENCES offers (id),
  units  INTEGER NOT NULL,
  PRIMARY KEY (person, offer)
);

-- reference is what came with the payment, expected_reference what would have matched it.
CREATE TABLE IF NOT EXISTS transactions (
  id                 INTEGER PRIMARY KEY,
  person             TEXT NOT NULL REFERENCES people (id),
  kind               TEXT NOT NULL CHECK (kind IN ('deposit', 'investment', 'distribution', 'withdrawal')),
  title              TEXT NOT NULL,
  amount_cents       INTEGER NOT NULL,
  status             TEXT NOT NULL CHECK (status IN ('settled', 'processing', 'awaiting_bank', 'rejected')),
  reference          TEXT NOT NULL,
  expected_reference TEXT NOT NULL,
  created_at         TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS transactions_of_person ON transactions (person, created_at);

-- file is a name in the folder of files; documents that everybody has share one.
CREATE TABLE IF NOT EXISTS documents (
  id         INTEGER PRIMARY KEY,
  person     TEXT NOT NULL REFERENCES people (id),
  name       TEXT NOT NULL,
  size       INTEGER NOT NULL,
  file       TEXT NOT NULL,
  own        INTEGER NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_of_person ON documents (person, created_at);

-- A payment whose reference was put right afterwards, and what it was.
CREATE TABLE IF NOT EXISTS corrected_references (
  transaction_id INTEGER PRIMARY KEY REFERENCES transactions (id),
  was            TEXT NOT NULL,
  corrected_at   TEXT NOT NULL
);

-- A message that arrives later is there already and not shown yet.
CREATE TABLE IF NOT EXISTS messages (
  id         INTEGER PRIMARY KEY,
  person     TEXT NOT NULL REFERENCES people (id),
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL,
  arrives_at TEXT NOT NULL,
  read_at    TEXT
);
CREATE INDEX IF NOT EXISTS messages_of_person ON messages (person, arrives_at);

-- What a company has typed so far, as JSON, one row a step.
CREATE TABLE IF NOT EXISTS application_drafts (
  person   TEXT NOT NULL REFERENCES people (id),
  step     TEXT NOT NULL CHECK (step IN ('company', 'people', 'bank')),
  answers  TEXT NOT NULL,
  saved_at TEXT NOT NULL,
  PRIMARY KEY (person, step)
);

CREATE TABLE IF NOT EXISTS applications (
  person       TEXT PRIMARY KEY REFERENCES people (id),
  submitted_at TEXT NOT NULL
);
