-- How a shop's ledger is spread over Durable Objects: shards that clients belong to, belonged to until all have moved,
-- and that have ever kept anything.
ALTER TABLE shop ADD COLUMN ledger_shards INTEGER NOT NULL DEFAULT 1;
ALTER TABLE shop ADD COLUMN ledger_shards_before INTEGER NOT NULL DEFAULT 1;
ALTER TABLE shop ADD COLUMN ledger_shards_ever INTEGER NOT NULL DEFAULT 1;

-- How long a shop keeps what tells of single shoppers; NULL: until it is erased.
ALTER TABLE shop ADD COLUMN retention_days INTEGER;
