"""What agents fill in and choose from: forms and tags."""

import msgspec

from hub.figures.form_figures import FormFigures, FormFiguresQuery
from hub.http.endpoints import Call, Endpoints, NoBody
from hub.services import Services
from hub.setup.forms import Form, FormView
from hub.setup.tags import Tag, TagView

api = Endpoints()


class FormList(msgspec.Struct, frozen=True):
    """Every form, retired ones too."""

    items: list[FormView]


class TagList(msgspec.Struct, frozen=True):
    """Every tag, retired ones too."""

    items: list[TagView]


@api.add("GET", "/api/v1/forms", "admin.queues", answer=FormList)
async def list_forms(services: Services, call: Call[NoBody]) -> FormList:
    """List every form."""
    return FormList(services.forms.all())


@api.add("PUT", "/api/v1/forms/{form_id}", "admin.queues", body=Form, answer=FormView)
async def save_form(services: Services, call: Call[Form]) -> FormView:
    """Make, change or retire a form; every desk offers it at once."""
    saved = await services.forms.save(call.identity, call.path["form_id"], call.body, remote=call.remote)
    await services.desk.renew_setup()
    return saved


@api.add("GET", "/api/v1/form-figures", "wallboard.view", query=FormFiguresQuery, answer=FormFigures, problems=(404,))
async def count_form(services: Services, call: Call[NoBody]) -> FormFigures:
    """Count what was filled in, field by field, in the queues one sees."""
    return await services.form_reports.figures(call.identity, call.query)


@api.add("GET", "/api/v1/tags", "admin.queues", answer=TagList)
async def list_tags(services: Services, call: Call[NoBody]) -> TagList:
    """List every tag."""
    return TagList(services.tags.all())


@api.add("PUT", "/api/v1/tags/{tag_id}", "admin.queues", body=Tag, answer=TagView)
async def save_tag(services: Services, call: Call[Tag]) -> TagView:
    """Make, change or retire a tag; every desk offers it at once."""
    saved = await services.tags.save(call.identity, call.path["tag_id"], call.body, remote=call.remote)
    await services.desk.renew_setup()
    return saved
