-- What left is only added to, and removed when it is old.
CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is only added to', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER egress_stays BEFORE UPDATE ON egress
  FOR EACH ROW EXECUTE FUNCTION refuse_update();
