"""What the site of documents needs beside the pages of `docs/`: a hook of MkDocs, see mkdocs.yml.

It makes the pages of the Python reference (of the interface, and of each package), and turns
links that lead out of `docs/` into plain names, since these files are not on the site.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "edgeslim"

_LEADS_OUT = re.compile(r"\[([^\]]*)\]\((?:\.\./)+([^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the packages to the navigation."""
    names = [*(package.name for package in packages()), "values"]
    pages = [{name: f"packages/{name}.md"} for name in names]
    config.nav = [*(config.nav or ()), {"Packages": pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of the reference."""
    pages = {f"packages/{package.name}.md": package_page(package) for package in packages()}
    pages |= {"python.md": interface_page(), "packages/values.md": values_page()}
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Names files that are not on the site instead of linking to them."""
    del page, config, files
    return _LEADS_OUT.sub(lambda found: f"{found[1]} (`{found[2]}` in the repository)", markdown)


def packages() -> list[Path]:
    """The folders of all packages, by name."""
    return sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))


def interface_page() -> str:
    """Everything that `import edgeslim` offers, and what can be asked of each function."""
    assigned = {
        ast.unparse(node.targets[0]): node.value
        for node in _parsed(PACKAGE / "__init__.py").body
        if isinstance(node, ast.Assign)
    }
    modules = ast.literal_eval(assigned["_MODULES"])
    parts = ["# Python\n\nEverything that the commands do, from `import edgeslim`.\n"]
    for name in ast.literal_eval(assigned["__all__"]):
        if not name.startswith("_"):
            parts.append(f"::: edgeslim.{name}")
            parts += requests_of(modules.get(name, "edgeslim"), name)
    return "\n\n".join([*parts, ""])


def requests_of(module: str, name: str) -> Iterator[str]:
    """The class whose fields a function takes as arguments, with those that it inherits."""
    for node in _parsed(ROOT / f"{module.replace('.', '/')}.py").body if "." in module else ():
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if node.name == name and isinstance(decorator, ast.Call):
                request = ast.unparse(decorator.args[0])
                yield f"::: {module}.{request}\n    options:\n      inherited_members: true"


def package_page(package: Path) -> str:
    """The docstring of a package, and its modules with all that is public in them."""
    parts = [
        f"# edgeslim.{package.name}",
        ast.get_docstring(_parsed(package / "__init__.py")) or "",
    ]
    parts += [f"::: {module}" for module in public_modules(package)]
    return "\n\n".join([*parts, ""])


def values_page() -> str:
    """The modules that are in no package: values, and the ground that everything stands on."""
    modules = sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("_"))
    parts = [f"::: edgeslim.{name}" for name in modules]
    return "\n\n".join(["# Values and ground", *parts, ""])


def public_modules(package: Path) -> Iterator[str]:
    """Names of the modules of a package that others may import, its own packages included."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not any(part.startswith("_") for part in parts):
            yield ".".join(parts)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())
