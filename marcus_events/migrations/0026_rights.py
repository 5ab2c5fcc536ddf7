"""Every process hears of it when a token is changed or removed, but for when it was last used."""

from django.db import migrations

BEGIN = """
CREATE FUNCTION tell_rights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('marcus_rights', '');
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER DELETE OR UPDATE OF name, digest, scopes, boards, sources, expires_at, revoked_at ON token
    FOR EACH STATEMENT EXECUTE FUNCTION tell_rights();
"""
END = "DROP TRIGGER told ON token; DROP FUNCTION tell_rights();"


class Migration(migrations.Migration):
    dependencies = [("marcus_events", "0025_blocker_outcome")]

    operations = [migrations.RunSQL(BEGIN, END)]
