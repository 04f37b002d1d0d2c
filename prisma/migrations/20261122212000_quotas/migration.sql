-- How many wildcards and policies a tenant has, kept by the writes beside `entry_count`: each write compares them with the quotas.
-- Every tenant is made with the policy `default`.
ALTER TABLE tenants
  ADD COLUMN wildcard_count integer NOT NULL DEFAULT 0,
  ADD COLUMN policy_count integer NOT NULL DEFAULT 1;

UPDATE tenants t SET
  wildcard_count = (SELECT count(*) FROM entries e WHERE e.tenant_id = t.id AND e.kind <> 'exact'),
  policy_count = (SELECT count(*) FROM policies p WHERE p.tenant_id = t.id);
