"""A tokenizer's own chat template, which stays inside the one that asks as training did."""

ASKED = "{#- Written by Ratchet: asks as this model was trained. -#}"
OWN = "{#- The tokenizer's own template: -#}"
DATE = "26 Jul 2024"  # Llama's templates otherwise write the day of the run into each prompt
UNUSED, END = "{%- if false -%}", "{%- endif -%}"


def own_template(template: str | dict[str, str] | None) -> str | None:
    """The tokenizer's own template, of a template that `asking_template` may have made.

    Of several by name, it is the one for chats.
    """
    if isinstance(template, dict):
        template = template.get("default")
    if not template or not template.startswith(ASKED):
        return template
    own = template.partition(OWN)[2]
    if template.startswith(f"{ASKED}{UNUSED}{OWN}"):
        own = own.partition(f"{END}{ASKED}")[0]
    return own or None
