-- Tokens with a purpose, a reach and an end; the secret that a shop's webhooks are signed with.
ALTER TABLE merchant_token ADD COLUMN name TEXT NOT NULL DEFAULT 'first token';
ALTER TABLE merchant_token ADD COLUMN scopes TEXT;          -- JSON list; NULL: all
ALTER TABLE merchant_token ADD COLUMN expires_at_ms INTEGER;
ALTER TABLE shop ADD COLUMN shopify_secret TEXT;
