"""The language that a guild's meetings are held in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("guilds", sa.Column("language", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("guilds", "language")
