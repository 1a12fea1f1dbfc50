-- What left is only added to, and removed when it is old.
CREATE TRIGGER egress_stays BEFORE UPDATE ON egress
BEGIN SELECT RAISE(ABORT, 'egress is only added to'); END;
