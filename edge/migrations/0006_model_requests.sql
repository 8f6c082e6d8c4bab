-- The earlier version that a merchant wants served again, until the trainer has signed it: the edge cannot.
CREATE TABLE model_request (
  shop TEXT PRIMARY KEY REFERENCES shop (id),
  version INTEGER NOT NULL,
  requested_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
