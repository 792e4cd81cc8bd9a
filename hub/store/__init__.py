"""The hub's database: models, migrations, the one write path, the outbox."""
