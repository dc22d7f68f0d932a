"""Every file that follows from declarations, imports and conf/, as it must be written."""

from stages.contract.dvc_files import ROOT, documents, params, text
from stages.contract.memory_page import memory_page
from stages.contract.params_schema import params_schema
from stages.contract.settings_page import settings
from stages.contract.tables_page import table_views, tables


def generated_files() -> dict[str, str]:
    """File name → text. `make contract` writes them; a test holds them equal."""
    return {
        **{name: text(document) for name, document in documents().items()},
        "params.yaml": params(),
        "schemas/params.schema.json": params_schema(ROOT / "conf"),
        "schemas/tables.sql": table_views(),
        "docs/tables.md": tables((ROOT / "schemas/views.sql").read_text()),
        "docs/settings.md": settings(ROOT / "conf"),
        "docs/memory.md": memory_page(),
    }
