"""The runner itself: a page that tells the truth passes, and one that does not is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from .page import Page, read
from .scene import Scene

pytest_plugins = ["pytester"]

Play = Callable[[str], None]

STAMP = """
    <!-- file: plugins/stamp.py -->
    ```python
    from marty_hookspecs import hookimpl


    @hookimpl
    def middleware_post_response(response, request):
        response.headers["x-stamp"] = "1"
    ```
"""


def page(folder: Path, text: str) -> Page:
    path = folder / "page.md"
    path.write_text(dedent(text))
    return read(path, folder)


@pytest.fixture
def play(tmp_path: Path, pytester: pytest.Pytester) -> Callable[[str], None]:
    """Run a page of one scene."""

    def played(text: str) -> None:
        (scene,) = page(tmp_path, text).scenes
        Scene(tmp_path, pytester).play(scene)

    return played


@pytest.mark.parametrize(
    "text",
    [
        """
        ```python
        print(1 + 1)
        ```

        ```text
        2
        ```
        """,
        """
        ```python
        one = 1
        ```

        <!-- continues -->
        ```python
        print(one, "in", 0.25, "s")
        ```

        ```text
        1 in ... s
        ```
        """,
        """
        <!-- fails: UnknownPlugin -->
        ```python
        from marty_chassis import Chassis

        Chassis().plugin_manager.supervisor.status_of("audit")
        ```

        ```text
        no plugin here is called 'audit'. `marty plugins list` shows those that are.
        ```
        """,
        """
        ```yaml
        service: {port: 8000}
        ```

        ```sh
        marty config check
        ```

        ```text
        config.yaml: nothing is wrong.
        ```
        """,
        """
        <!-- file: plugins/broken.py -->
        <!-- broken -->
        ```python
        def (
        ```
        """,
        """
        <!-- not run: it would take a week -->
        ```python
        raise SystemExit
        ```
        """,
    ],
)
def test_what_is_true_passes(play: Play, text: str) -> None:
    play(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```python\nprint(2)\n```\n\n```text\n3\n```\n", "page.md:6: AssertionError: .*-3\n.*2"),
        ("```python\n1 / 0\n```\n", "page.md:2: ZeroDivisionError"),
        ("<!-- fails: KeyError -->\n```python\n1\n```\n", "it did not raise KeyError"),
        ("<!-- fails: KeyError -->\n```python\n1 / 0\n```\n", "ZeroDivisionError"),
        ("```yaml\nservice: {prot: 1}\n```\n", "Did you mean 'port'"),
        ("```sh\nmarty plugins lits\n```\n", "marty plugins lits: 2"),
        ("<!-- fails: 1 -->\n```sh\nmarty version\n```\n", "marty version: 0"),
        ("```sh\npip install 'marty-chassis[telepathy]'\n```\n", "an extra .* is not there"),
        ("```text\nnobody said so\n```\n", "is it a drawing"),
        ("```http\nGET /plugins/stauts\n```\n", "nobody answers"),
        ("```toml\n[\n```\n", "TOMLDecodeError"),
        ("<!-- file: plugins/x.py -->\n```python\ndef (\n```\n", "SyntaxError"),
        ("<!-- file: plugins/x.py -->\n```python\nx = 1\n```\n", "nothing in plugins/ is a plugin"),
        (dedent(STAMP).replace("post_r", "past_r"), "Did you mean 'middleware.post_response'"),
        (dedent(STAMP).replace("-->", "-->\n<!-- broken -->"), "nothing is broken"),
    ],
)
def test_what_is_not_true_is_caught_with_its_line(play: Play, text: str, said: str) -> None:
    with pytest.raises(AssertionError, match=f"(?s){said}"):
        play(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- contineus -->\n```python\n1\n```\n", "page.md:1: 'contineus' is no mark"),
        ("<!-- drawing -->\nSome words.\n", "page.md:2: .* stand before no block"),
    ],
)
def test_a_mark_that_means_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        page(tmp_path, text)


def test_a_service_is_asked_and_moved_as_the_page_says(play: Play) -> None:
    play(
        dedent(STAMP)
        + dedent(
            """
            ```yaml
            plugins: {directories: [./plugins]}
            ```

            ```sh
            export MARTY_MANAGEMENT__TOKEN=secret
            marty run
            ```

            ```text
            ... stamp started in ... ms
            ...
            ```

            ```sh
            curl -i 127.0.0.1:8000/nobody
            ```

            ```text
            HTTP/1.1 404 Not Found
            ...
            x-stamp: 1
            ...
            ```

            ```sh
            curl -H "Authorization: Bearer $MARTY_MANAGEMENT__TOKEN" 127.0.0.1:8000/plugins/stamp
            ```

            ```json
            {"name": "stamp", "state": "started", "source": "...plugins/stamp.py..."}
            ```

            ```sh
            marty plugins reload stamp
            ```

            ```text
            stamp: generation 2 serves..., after ... ms
            ```
            """
        ),
    )


def test_blocks_below_another_heading_have_another_folder(tmp_path: Path) -> None:
    text = "# A\n\n```yaml\n{}\n```\n\n# B\n\n```sh\nmarty version\n```\n"

    first, second = page(tmp_path, text).scenes

    assert [first[0].line, second[0].line] == [4, 10]


def test_anchors_are_those_of_forges(tmp_path: Path) -> None:
    text = "# `GET /x`, and more\n\n## A [link](x.md)\n\n## A link\n"

    assert page(tmp_path, text).anchors == {"get-x-and-more", "a-link", "a-link-1"}
