"""Everything about the knowledge base in one place, for whoever answers calls."""

from collections.abc import Awaitable, Callable

from core.bus import Bus
from hub.audit import Audit
from hub.knowledge.answering import Answering
from hub.knowledge.articles import Articles
from hub.knowledge.categories import Categories
from hub.knowledge.expert_questions import ExpertQuestions
from hub.knowledge.expiry import ExpiryReminders
from hub.knowledge.feedback import Feedback
from hub.knowledge.files.keeping import ArticleFiles
from hub.knowledge.finding import Finder
from hub.knowledge.importing.importer import Importer
from hub.knowledge.process import SearchProcess
from hub.knowledge.sending import Sending
from hub.knowledge.source import Source
from hub.knowledge.suggestions import Suggestions
from hub.knowledge.synonyms import Synonyms
from hub.media import MediaStore
from hub.outreach.templates import Templates
from hub.settings import HubSettings
from hub.setup.organization import Organization
from hub.units import Units


class Knowledge:
    """The services of the knowledge base."""

    def __init__(
        self,
        units: Units,
        audit: Audit,
        bus: Bus,
        media: MediaStore,
        templates: Templates,
        *,
        organization: Organization,
        settings: HubSettings,
    ) -> None:
        self.categories = Categories(units, audit)
        self.files = ArticleFiles(units, media, self.categories)
        self.articles = Articles(units, audit, self.categories, self.files)
        self.feedback = Feedback(units)
        self.expert_questions = ExpertQuestions(units, audit, self.articles, organization)
        self.expiry = ExpiryReminders(units, organization)
        self.synonyms = Synonyms(units, audit)
        self.finder = Finder(bus, self.articles, self.files, self.synonyms)
        self.answering = Answering(units, self.finder, self.articles, self.feedback)
        self.suggestions = Suggestions(self.finder, self.articles)
        self.sending = Sending(self.articles, templates, settings.http.public_url)
        self.importer = Importer(media)
        self.source = Source(bus, self.articles, self.files)
        self.search = SearchProcess(settings.search, settings.nats, settings.data_dir, self.finder)
        self._has_search = settings.search.is_enabled

    @property
    def tasks(self) -> list[Callable[[], Awaitable[None]]]:
        """What runs as long as the hub does."""
        always: list[Callable[[], Awaitable[None]]] = [self.source.run, self.files.run, self.expiry.run]
        return [*always, self.search.run] if self._has_search else always

    async def load(self) -> None:
        """Read what is kept in memory."""
        await self.synonyms.load()
