"""Finds everything that is wrong with a configuration before any of it is applied."""

import dataclasses
from collections.abc import Mapping

import msgspec

from core.addresses import normalize
from core.errors import ConfigInvalid
from core.flow import Flow, Surroundings, decode_flow, lint
from core.flow.matching import plain
from hub.accounts.permissions import PERMISSIONS
from hub.configuration.document import Configuration
from hub.connectors.settings import asked, faultless
from hub.dispatch.queue_uses import queue_uses
from hub.routing import RoutingRefused
from hub.setup.organization_editor import parent_faults
from hub.store.fields import ID_LENGTH

Faults = dict[str, str]


def read_flows(configuration: Configuration, faults: Faults) -> dict[str, Flow]:
    """Return the flows of the file, named by their ids; what cannot be read is put among ``faults``."""
    flows = {}
    for flow_id, graph in configuration.flows.items():
        try:
            flow = decode_flow(msgspec.json.encode({**graph, "name": flow_id}))
        except ConfigInvalid as error:
            faults.update({f"flows.{flow_id}.{path}".rstrip("."): text for path, text in error.faults.items()})
        else:
            flows[flow_id] = msgspec.structs.replace(flow, version=0)
    return flows


def check(wanted: Configuration, there: Configuration, flows: dict[str, Flow], around: Surroundings) -> Faults:
    """Return what is wrong with ``wanted`` beside what is ``there``, by path and field."""
    faults: Faults = {}
    queues = wanted.queues.keys() | there.queues.keys()
    _check_queues(wanted, there, queues, faults)
    _check_calendars(wanted, faults)
    _check_codes(wanted, there, queues, faults)
    _check_organization(wanted, there, queues, faults)
    _check_people(wanted, there, queues, faults)
    _check_flows(wanted, there, flows, around, faults)
    _check_quality(wanted, there, queues, faults)
    _check_outreach(wanted, there, faults)
    orders = wanted.settings.work_orders
    if orders is not None and orders.calendar_id not in {"", *there.calendars, *wanted.calendars}:
        faults["settings.work_orders.calendar_id"] = "unknown"
    for name, beginning in wanted.entries.items():
        if beginning.queue and beginning.queue not in queues:
            faults[f"entries.{name}.queue"] = "unknown"
        if beginning.flow and beginning.flow not in {*flows, *(around.flows or {})}:
            faults[f"entries.{name}.flow"] = "unknown"
    return faults


def _check_queues(wanted: Configuration, there: Configuration, queues: set[str], faults: Faults) -> None:
    calendars = {"", *there.calendars, *wanted.calendars}
    for queue_id, queue in wanted.queues.items():
        try:
            queue.rules.rules(queue_id)
        except RoutingRefused as error:
            faults[f"queues.{queue_id}.rules"] = str(error)
        for path in queue.rules.repeated_weights():
            faults[f"queues.{queue_id}.rules.{path}"] = "duplicate"
        if queue.rules.opening_calendar not in calendars:
            faults[f"queues.{queue_id}.rules.opening_calendar"] = "unknown"
        for at, step in enumerate(queue.rules.overflows):
            if step.queue_id not in queues:
                faults[f"queues.{queue_id}.rules.overflows[{at}].queue_id"] = "unknown"


def retired_in_use(
    wanted: Configuration, there: Configuration, flows: Mapping[str, Flow], entries: Mapping[str, str]
) -> Faults:
    """Return a fault for each queue that ``wanted`` puts out of use while something leads to it."""
    queues = {**there.queues, **wanted.queues}
    active = {queue_id: queue.rules for queue_id, queue in queues.items() if queue.is_active}
    if not active:
        return {f"queues.{queue_id}.is_active": "last_queue" for queue_id in wanted.queues}
    beginnings = {**entries, **{name: entry.queue for name, entry in wanted.entries.items()}}
    return {
        f"queues.{queue_id}.is_active": "queue_in_use"
        for queue_id in sorted(queues.keys() - active.keys())
        if queue_uses(queue_id, flows, beginnings, active)
    }


def _check_calendars(wanted: Configuration, faults: Faults) -> None:
    for calendar_id, calendar in wanted.calendars.items():
        try:
            calendar.rules.calendar()
        except (ValueError, KeyError, RoutingRefused) as error:
            faults[f"calendars.{calendar_id}.rules"] = str(error)


def _check_codes(wanted: Configuration, there: Configuration, queues: set[str], faults: Faults) -> None:
    parents = {code: one.parent for code, one in {**there.wrap_up_codes, **wanted.wrap_up_codes}.items()}
    for code, one in wanted.wrap_up_codes.items():
        for at, queue_id in enumerate(one.queue_ids):
            if queue_id not in queues:
                faults[f"wrap_up_codes.{code}.queue_ids[{at}]"] = "unknown"
        above, passed = one.parent, set[str]()
        while above is not None and above not in passed:
            passed.add(above)
            above = parents.get(above)
        if one.parent is not None and one.parent not in parents:
            faults[f"wrap_up_codes.{code}.parent"] = "unknown"
        elif code in passed:
            faults[f"wrap_up_codes.{code}.parent"] = "below itself"


def _check_people(wanted: Configuration, there: Configuration, queues: set[str], faults: Faults) -> None:
    for role_id, role in wanted.roles.items():
        _check_known(f"roles.{role_id}.permissions", role.permissions, PERMISSIONS, faults)
        if role_id == "admin" and "admin.users" not in role.permissions:
            faults["roles.admin.permissions"] = "administrators keep admin.users"
    roles = wanted.roles.keys() | there.roles.keys()
    owners: dict[str, str] = {}
    for username, user in {**there.users, **wanted.users}.items():
        other = owners.setdefault(user.work_number, username)
        if other != username:
            faults[f"users.{username if username in wanted.users else other}.work_number"] = "taken"
    groups = wanted.agent_groups.keys() | there.agent_groups.keys()
    departments = wanted.departments.keys() | there.departments.keys()
    for username, user in wanted.users.items():
        _check_known(f"users.{username}.group_ids", user.group_ids, groups, faults)
        if user.department_id and user.department_id not in departments:
            faults[f"users.{username}.department_id"] = "unknown"
        _check_known(f"users.{username}.role_ids", user.role_ids, roles, faults)
        _check_known(f"users.{username}.queue_ids", user.queue_ids, queues, faults)
        _check_known(f"users.{username}.granted", user.granted, PERMISSIONS, faults)
        _check_known(f"users.{username}.denied", user.denied, PERMISSIONS, faults)


def _check_organization(wanted: Configuration, there: Configuration, queues: set[str], faults: Faults) -> None:
    parents = {name: one.parent for name, one in {**there.departments, **wanted.departments}.items()}
    for name in wanted.departments:
        for field, fault in parent_faults(parents, name).items():
            faults[f"departments.{name}.{field}"] = fault
    for name, group in wanted.agent_groups.items():
        _check_known(f"agent_groups.{name}.queue_ids", group.queue_ids, queues, faults)
    for name, form in wanted.forms.items():
        _check_known(f"forms.{name}.queue_ids", form.queue_ids, queues, faults)
    for name, one in wanted.named_numbers.items():
        try:
            normalize(one.number, "tel")
        except ValueError:
            faults[f"named_numbers.{name}.number"] = "not_a_number"


def _check_quality(wanted: Configuration, there: Configuration, queues: set[str], faults: Faults) -> None:
    rules = wanted.service_rules.keys() | there.service_rules.keys()
    sheets = wanted.score_sheets.keys() | there.score_sheets.keys()
    for rule_id, rule in wanted.service_rules.items():
        _check_known(f"service_rules.{rule_id}.queue_ids", rule.queue_ids, queues, faults)
    for sheet_id, sheet in wanted.score_sheets.items():
        for item in sheet.items:
            _check_known(f"score_sheets.{sheet_id}.{item.item_id}.rule_ids", item.rule_ids, rules, faults)
    for plan_id, plan in wanted.sampling_plans.items():
        _check_known(f"sampling_plans.{plan_id}.rule_ids", plan.rule_ids, rules, faults)
        _check_known(f"sampling_plans.{plan_id}.queue_ids", plan.queue_ids, queues, faults)
        if plan.sheet_id not in sheets:
            faults[f"sampling_plans.{plan_id}.sheet_id"] = "unknown"


def _check_outreach(wanted: Configuration, there: Configuration, faults: Faults) -> None:
    kinds = wanted.template_kinds.keys() | there.template_kinds.keys()
    for template_id, template in wanted.templates.items():
        if len(template_id) > ID_LENGTH:
            faults[f"templates.{template_id}"] = f"its id is longer than {ID_LENGTH} characters"
        if template.kind_id not in kinds:
            faults[f"templates.{template_id}.kind_id"] = "unknown"
    owners: dict[str, str] = {}
    for topic_id, topic in {**there.topics, **wanted.topics}.items():
        for word in topic.keywords:
            other = owners.setdefault(plain(word), topic_id)
            if other != topic_id:
                faults[f"topics.{topic_id if topic_id in wanted.topics else other}.keywords"] = "taken"


def _check_known(path: str, names: tuple[str, ...], known: object, faults: Faults) -> None:
    for at, name in enumerate(names):
        if name not in known:  # type: ignore[operator]
            faults[f"{path}[{at}]"] = "unknown"


def _check_flows(
    wanted: Configuration, there: Configuration, flows: dict[str, Flow], around: Surroundings, faults: Faults
) -> None:
    read = {name: faultless(part.settings) for name, part in wanted.connectors.items()}
    parameters = {name: asked(connector) for name, connector in read.items() if connector is not None}
    together = dataclasses.replace(
        around,
        queues=wanted.queues.keys() | set(around.queues or ()),
        calendars=wanted.calendars.keys() | set(around.calendars or ()),
        connectors=wanted.connectors.keys() | set(around.connectors or ()),
        connector_params={**(around.connector_params or {}), **parameters},
        flows={**(around.flows or {}), **{name: list(flow.nodes) for name, flow in flows.items()}},
        channels=[*(around.channels or ()), *wanted.instances],
    )
    for flow_id, flow in flows.items():
        if flow_id in there.flows and {**there.flows[flow_id], "name": flow_id} == msgspec.to_builtins(flow):
            continue
        for fault in lint(flow, together):
            where = f"flows.{flow_id}.nodes.{fault.node}" if fault.node else f"flows.{flow_id}"
            faults[where] = f"{fault.code} {msgspec.json.encode(fault.params).decode()}"
