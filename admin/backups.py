"""Backups: make one, see them, when they are made, delete. Downloads: hub/backup/downloads.py."""

import msgspec

from hub.backup.backups import Overview, Timetable
from hub.backup.offsite import OffsiteSettings
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services

api = Endpoints()


class RecoveryCode(msgspec.Struct, frozen=True):
    """What opens the keys in the backups of this installation."""

    code: str


@api.add("GET", "/api/v1/backups", "admin.backups", answer=Overview)
async def list_backups(services: Services, call: Call[NoBody]) -> Overview:
    """List the backups and say how far the one being made has come."""
    return await services.backups.overview()


@api.add("POST", "/api/v1/backups", "admin.backups", answer=Overview, status=202, problems=(409,))
async def make_backup(services: Services, call: Call[NoBody]) -> Overview:
    """Begin a backup."""
    await services.backups.begin(call.identity, remote=call.remote)
    return await services.backups.overview()


@api.add("DELETE", "/api/v1/backups/{name}", "admin.backups")
async def delete_backup(services: Services, call: Call[NoBody]) -> None:
    """Delete a backup."""
    await services.backups.delete(call.identity, call.path["name"], remote=call.remote)


@api.add("PUT", "/api/v1/backup-timetable", "admin.backups", body=Timetable, answer=Overview)
async def schedule_backups(services: Services, call: Call[Timetable]) -> Overview:
    """Say when backups are made and how many are kept."""
    await services.backups.schedule(call.identity, call.body, remote=call.remote)
    return await services.backups.overview()


@api.add("PUT", "/api/v1/backup-offsite", "admin.backups", body=OffsiteSettings, answer=Overview)
async def save_offsite(services: Services, call: Call[OffsiteSettings]) -> Overview:
    """Say where copies of the backups go; 422 when nothing can be written there."""
    await services.backups.offsite.save(call.identity, call.body, remote=call.remote)
    services.backups.look_again()
    return await services.backups.overview()


@api.add("POST", "/api/v1/backup-recovery-code", "admin.backups", answer=RecoveryCode)
async def show_recovery_code(services: Services, call: Call[NoBody]) -> RecoveryCode:
    """Return the recovery code; the audit log says who has seen it."""
    return RecoveryCode(await services.backups.code(call.identity, remote=call.remote))
