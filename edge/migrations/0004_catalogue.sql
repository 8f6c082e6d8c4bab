-- Every version of a shop's catalogue, with what changed; and where it is fetched from, if it is.
CREATE TABLE catalogue_version (
  shop TEXT NOT NULL REFERENCES shop (id),
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  source TEXT NOT NULL,                -- 'upload' or 'feed'
  report TEXT NOT NULL,                -- JSON, as the importer was told
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (shop, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue_feed (
  shop TEXT PRIMARY KEY REFERENCES shop (id),
  url TEXT NOT NULL,
  format TEXT,                         -- NULL: told by its first characters
  every_minutes INTEGER NOT NULL,
  grace_days INTEGER NOT NULL,         -- how long products stay that the feed no longer has
  etag TEXT,
  last_modified TEXT,
  next_at_ms INTEGER NOT NULL,
  last_at_ms INTEGER,
  last_outcome TEXT,                   -- a code: imported, not-modified, or why not
  last_message TEXT,
  failures INTEGER NOT NULL DEFAULT 0  -- in a row
) STRICT, WITHOUT ROWID;
CREATE INDEX catalogue_feed_by_time ON catalogue_feed (next_at_ms);
