"""Everything about scoring in one place, for whoever answers calls."""

from collections.abc import Callable

from hub.audit import Audit
from hub.dispatch.queues import Queues
from hub.quality.appeals import Appeals
from hub.quality.cases import Cases
from hub.quality.draws import Draws
from hub.quality.exports import QualityExports
from hub.quality.results import Results, ResultsQuery, results
from hub.quality.setup import QualitySetup
from hub.service_rules.book import RuleBook
from hub.setup.organization import Organization
from hub.units import Units


class Quality:
    """The services of scoring."""

    def __init__(
        self, units: Units, audit: Audit, queues: Queues, organization: Organization, timezone: Callable[[], str]
    ) -> None:
        self._timezone = timezone
        self.book = RuleBook(units, audit, queues)
        self.setup = QualitySetup(units, audit, self.book)
        self.cases = Cases(units, audit, self.setup)
        self.draws = Draws(units, audit, self.setup, self.cases, timezone)
        self.appeals = Appeals(units, audit, self.cases)
        self.exports = QualityExports(audit, self.cases, self.book, organization, timezone)

    async def load(self) -> None:
        """Read what is kept in memory."""
        await self.book.load()
        await self.setup.load()

    async def results(self, query: ResultsQuery) -> Results:
        """Return the figures of a time."""
        return await results(query, self._timezone())
