"""The documentation: `make docs`. English lies in this folder, Chinese in zh, with the same names of files."""

import os
from gettext import NullTranslations

import click
from click.testing import CliRunner
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from lenet import __version__
from lenet.cli.main import VERBS, main
from lenet.lessons.check import LANGUAGE

project, author, release = "lenet", "lenet", __version__
copyright = ""
html_show_copyright = False
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["zh", "_static", "_templates"]
templates_path = ["_templates"]

# Lessons are run anew for each build, and a cell that fails fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
# What a cell writes on stderr is progress and TensorFlow's greetings.
nb_output_stderr = "remove"
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signatures have them
autodoc_default_options = {"members": True}
napoleon_use_ivar = True
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = f"lenet {__version__}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["lessons.css"]
html_sidebars = {
    "**": [
        "sidebar/brand.html", "language.html", "sidebar/search.html", "sidebar/scroll-start.html",
        "sidebar/navigation.html", "sidebar/scroll-end.html",
    ],
}  # fmt: skip


# Words of the theme that are in no catalog of Sphinx.
CHINESE = {
    "Back to top": "回到顶部", "Home": "首页", "Made with ": "制作工具：", "Next": "下一页", "On this page": "本页内容",
    "Previous": "上一页", "Skip to content": "跳到正文",
    '<a href="https://www.sphinx-doc.org/">Sphinx</a> and ': '<a href="https://www.sphinx-doc.org/">Sphinx</a> 和 ',
}  # fmt: skip


class ThemeWords(NullTranslations):
    """What the theme says in Chinese."""

    def gettext(self, message: str) -> str:
        """The Chinese words; the same where there are none."""
        return CHINESE.get(message, message)


class CommandLine(SphinxDirective):
    """``{command-line}``: the help of every verb, as the program prints it."""

    def run(self) -> list[nodes.Node]:
        """A section for each verb."""
        context = click.Context(main)
        commands = {verb: main.get_command(context, verb) for verb in VERBS}
        groups = {verb: list(it.commands) for verb, it in commands.items() if isinstance(it, click.Group)}
        return [
            _section([verb, *inner]) for verb in VERBS for inner in [[], *([name] for name in groups.get(verb, ()))]
        ]


def _section(words: list[str]) -> nodes.section:
    text = CliRunner().invoke(main, [*words, "--help"], prog_name="lenet").stdout
    section = nodes.section(ids=["-".join(words)], names=[" ".join(words)])
    title = " ".join(["lenet", *words])
    section.extend([nodes.title(title, title), nodes.literal_block(text, text, language="text")])
    return section


def _set_language(_: Sphinx, config: Config) -> None:
    """Let the lessons' checks answer in the language of the pages."""
    os.environ[LANGUAGE] = "zh" if config.language == "zh_CN" else "en"


def _translate_theme(app: Sphinx) -> None:
    if app.config.language == "zh_CN":
        app.translator.add_fallback(ThemeWords())


def setup(app: Sphinx) -> None:
    """Register all of this."""
    app.add_directive("command-line", CommandLine)
    app.connect("config-inited", _set_language)
    app.connect("builder-inited", _translate_theme)
