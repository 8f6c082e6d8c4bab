-- What is small and shared: shops, who may act for them, their models and public files.

CREATE TABLE shop (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  locale TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  origins TEXT NOT NULL,               -- JSON list of origins
  signers TEXT NOT NULL,               -- JSON list of key fingerprints
  holdout_share REAL NOT NULL,
  placements TEXT NOT NULL,            -- JSON list
  write_key TEXT NOT NULL UNIQUE,      -- public
  models_paused INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  catalogue_sha256 TEXT,               -- the whole catalogue, private
  snapshot_sha256 TEXT                 -- its public cards, in order of popularity
) STRICT;

-- Secrets are stored as SHA-256.
CREATE TABLE merchant_token (
  token_sha256 TEXT PRIMARY KEY,
  shop TEXT NOT NULL REFERENCES shop (id),
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE login_token (
  token_sha256 TEXT PRIMARY KEY,
  shop TEXT NOT NULL REFERENCES shop (id),
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_sha256 TEXT PRIMARY KEY,
  shop TEXT NOT NULL REFERENCES shop (id),
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every snapshot that was ever current; devices may still ask for an older one.
CREATE TABLE snapshot (
  shop TEXT NOT NULL REFERENCES shop (id),
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  products INTEGER NOT NULL,
  cards_sha256 TEXT NOT NULL,          -- of the cards alone: the same cards in the same order are not published again
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (shop, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_by_sha256 ON snapshot (sha256);

-- The highest version is the current one: versions never go down.
CREATE TABLE model (
  shop TEXT NOT NULL REFERENCES shop (id),
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  manifest TEXT NOT NULL,              -- the signed manifest, as it was sent
  published_at_ms INTEGER NOT NULL,
  PRIMARY KEY (shop, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_by_sha256 ON model (sha256);
