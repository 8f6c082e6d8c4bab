-- Heads of large shops' models: public files, as whole weights are.
CREATE TABLE model_head (
  shop TEXT NOT NULL REFERENCES shop (id),
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (shop, version, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_head_by_sha256 ON model_head (sha256);
