"""`make contract`: writes what follows from declarations and conf/."""

from stages.contract.dvc_files import ROOT
from stages.contract.generated_files import generated_files

for name, content in generated_files().items():
    (ROOT / name).write_text(content)
