-- Cleans a log that is too large for one machine where it lies, by the trainer's own rules, into acts that
-- `npm run train -- --data acts.csv` reads: standard SQL with window functions, as DuckDB, BigQuery and Snowflake take it.
--
-- Give it a table or view `acts (client, event, item_id, at_ms, price, quantity, transaction_id)`, where `at_ms` is milliseconds since
-- 1970 and `event` is one of GA4's names. Of a GA4 export in BigQuery:
--
--   CREATE VIEW acts AS
--   SELECT user_pseudo_id AS client, event_name AS event, item.item_id, DIV(event_timestamp, 1000) AS at_ms, item.price, item.quantity, ecommerce.transaction_id
--   FROM `project.analytics_1.events_*`, UNNEST(items) AS item;
--
-- Of Parquet or NDJSON files, on this machine or in R2, with the DuckDB command line:
--
--   CREATE VIEW acts AS
--   SELECT user_id AS client, CASE event_type WHEN 'view' THEN 'view_item' WHEN 'cart' THEN 'add_to_cart' ELSE event_type END AS event,
--     product_id AS item_id, epoch_ms(event_time) AS at_ms, price, 1 AS quantity, NULL AS transaction_id
--   FROM 'events/*.parquet';
--   COPY (the statement below) TO 'acts.csv';
--
-- The numbers are those of trainer/cleaning.ts, and a test holds them together. What takes a session apart (its pace), and what
-- came back to the shop, is looked at by the trainer itself, as it reads the acts.
WITH known AS (
  SELECT client, event, item_id, at_ms, price, quantity, transaction_id
  FROM acts
  WHERE client IS NOT NULL AND item_id IS NOT NULL
    AND event IN ('view_item', 'add_to_cart', 'add_to_wishlist', 'purchase', 'refund')
    AND at_ms >= 788918400000 -- 1995: before, there were no shops
),
told_once AS (
  SELECT client, event, item_id, at_ms, transaction_id, MAX(price) AS price, MAX(quantity) AS quantity
  FROM known
  GROUP BY client, event, item_id, at_ms, transaction_id
),
programs AS (
  SELECT DISTINCT client
  FROM (
    SELECT client, FLOOR(at_ms / 86400000) AS day, COUNT(*) AS views
    FROM told_once
    WHERE event = 'view_item'
    GROUP BY client, FLOOR(at_ms / 86400000)
  ) AS days
  WHERE views > 500
),
ranked AS (
  SELECT told_once.*, ROW_NUMBER() OVER (PARTITION BY client ORDER BY at_ms DESC) AS newest
  FROM told_once
  WHERE client NOT IN (SELECT client FROM programs)
)
SELECT client AS client_id, event, item_id, at_ms AS "timestamp", price, quantity, transaction_id
FROM ranked
WHERE newest <= 1000
ORDER BY client, at_ms
