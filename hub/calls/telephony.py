"""Puts together what calls are made of."""

from collections.abc import Callable

from core.bus import Bus
from core.events import TrunkChanged
from hub.audit import Audit
from hub.calls.call_backs import CallBacks
from hub.calls.controls import CallControls
from hub.calls.dialling import Dialling
from hub.calls.engines import Engines
from hub.calls.internal_calls import InternalCalls
from hub.calls.outgoing import Outgoing
from hub.calls.phones import Phones
from hub.calls.plans import CallPlans
from hub.calls.prompts import Prompts
from hub.calls.reports import CallReports
from hub.calls.ringing import Ringing
from hub.calls.steps import CallSteps
from hub.calls.trunks import TrunkLog
from hub.contacts.contacts import Contacts
from hub.contacts.links import ContactLinks
from hub.conversing.announcements import Announcements
from hub.conversing.endings import Endings
from hub.conversing.reception import Reception
from hub.desktop.desk import Desk
from hub.dispatch.dispatcher import Dispatcher
from hub.dispatch.queues import Queues
from hub.flows.flows import Flows
from hub.outreach.consent import Consent
from hub.outreach.outbound import Outbound
from hub.setup.calendars import Calendars
from hub.store.secrets import Sealer
from hub.units import Units


class Telephony:
    """The parts that the dispatcher and flows need come first; ``complete`` makes those that need them in turn."""

    call_backs: CallBacks
    controls: CallControls
    dialling: Dialling
    internal: InternalCalls
    reports: CallReports

    def __init__(self, units: Units, bus: Bus, desk: Desk, sealer: Sealer, queues: Queues) -> None:
        self._units = units
        self._bus = bus
        self._desk = desk
        self._queues = queues
        self.prompts = Prompts(units)
        self.trunks: dict[str, TrunkChanged] = {}  # the last word of each, by instance and trunk
        self.trunk_log = TrunkLog()
        self.engines = Engines(sealer, self.trunks)
        self.phones = Phones(units, bus, sealer, self.engines)
        self.plans = CallPlans(units, bus, desk, prompts=self.prompts, phones=self.phones, queues=queues)
        self.steps = CallSteps(self.plans)
        self.announcements = Announcements(self.steps)
        self.outgoing = Outgoing(self.plans, self.phones, self.engines)
        self.ringing = Ringing(self.plans, self.phones, self.outgoing)

    def complete(
        self,
        *,
        audit: Audit,
        dispatcher: Dispatcher,
        endings: Endings,
        flows: Flows,
        reception: Reception,
        contacts: Contacts,
        links: ContactLinks,
        outbound: Outbound,
        consent: Consent,
        calendars: Calendars,
        is_ready: Callable[[str], bool],
    ) -> None:
        """Make what agents, citizens and the engines set in motion; ``is_ready`` tells of a plugin instance."""
        self.engines.is_ready = is_ready
        self.phones.changed = dispatcher.know_phones
        self.call_backs = CallBacks(
            self._units, queues=self._queues, calendars=calendars, dispatcher=dispatcher, steps=self.steps
        )
        self.controls = CallControls(
            self._units,
            plans=self.plans,
            phones=self.phones,
            dispatcher=dispatcher,
            endings=endings,
            audit=audit,
        )
        self.dialling = Dialling(
            self._units,
            audit,
            plans=self.plans,
            phones=self.phones,
            engines=self.engines,
            outgoing=self.outgoing,
            dispatcher=dispatcher,
            outbound=outbound,
            consent=consent,
            queues=self._queues,
        )
        self.internal = InternalCalls(self._units, self._bus, self._desk, self.phones, dispatcher)
        self.reports = CallReports(
            plans=self.plans,
            phones=self.phones,
            outgoing=self.outgoing,
            call_backs=self.call_backs,
            internal=self.internal,
            contacts=contacts,
            links=links,
            reception=reception,
            flows=flows,
            dispatcher=dispatcher,
            endings=endings,
            trunks=self.trunks,
            trunk_log=self.trunk_log,
        )
