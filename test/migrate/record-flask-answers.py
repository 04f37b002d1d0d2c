"""Records what Flask answers to the probes of flask-answers.json, so that the tests compare with it where there is no Python.

    pip install flask flask-cors==6.0.2 && python3 test/migrate/record-flask-answers.py && npx biome format --write test/migrate

`use` says what the source is: `extension` (a call of flask-cors), `decorator` (above a view), `hook` (what an after_request hook
goes by). The decorator and the hook are written here as they commonly are, since no package has them.
"""

import functools
import json
import pathlib
import re
from datetime import timedelta

import flask
import flask_cors

ANSWERS = pathlib.Path(__file__).parent / "flask-answers.json"
METHODS = ["GET", "POST", "PUT"]


def crossdomain(
    origin=None,
    methods=None,
    headers=None,
    expose_headers=None,
    max_age=21600,
    attach_to_all=True,
    automatic_options=True,
    credentials=False,
):
    """The decorator that many projects have, with the parameters it commonly has."""

    def joined(names):
        return names if isinstance(names, str) else ", ".join(names)

    seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age

    def decorate(view):
        @functools.wraps(view)
        def wrapped(*args, **kwargs):
            is_options = flask.request.method == "OPTIONS"
            if automatic_options and is_options:
                response = flask.current_app.make_default_options_response()
            else:
                response = flask.make_response(view(*args, **kwargs))
            if not attach_to_all and not is_options:
                return response
            allowed = flask.current_app.make_default_options_response().headers["Allow"]
            response.headers["Access-Control-Allow-Origin"] = joined(origin)
            response.headers["Access-Control-Allow-Methods"] = (
                allowed if methods is None else joined(name.upper() for name in methods)
            )
            response.headers["Access-Control-Max-Age"] = str(seconds)
            if headers is not None:
                response.headers["Access-Control-Allow-Headers"] = joined(headers)
            if expose_headers is not None:
                response.headers["Access-Control-Expose-Headers"] = joined(expose_headers)
            if credentials:
                response.headers["Access-Control-Allow-Credentials"] = "true"
            return response

        wrapped.provide_automatic_options = False
        wrapped.required_methods = ["OPTIONS"]
        return wrapped

    return decorate


def add_hook(app, settings):
    """Sends back the origin that came when it is listed; without one the app's own, when that is."""
    if isinstance(settings, list):
        settings = {"allowed_origins": settings}
    others = {name: value for name, value in settings.items() if name != "allowed_origins"}

    @app.after_request
    def add_headers(response):
        origin = flask.request.headers.get("Origin") or flask.request.host_url.rstrip("/")
        if origin in settings["allowed_origins"]:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.update(others)
        response.headers["Vary"] = "Origin"
        return response


def create_app(use, source):
    app = flask.Flask("recorded")
    names = {"app": app, "re": re, "timedelta": timedelta, "crossdomain": crossdomain, "Blueprint": flask.Blueprint}
    names.update(CORS=flask_cors.CORS, cross_origin=flask_cors.cross_origin, __name__="recorded")
    if use == "decorator":
        exec(f"{source}\ndef view():\n    return ''\n", names)
        return app
    if use == "hook":
        add_hook(app, eval(source, names))
    else:
        exec(source, names)
    blueprint = names.get("api")
    if blueprint is not None:
        blueprint.add_url_rule("/x", "inside", lambda: "", methods=METHODS)
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "root", lambda: "", methods=METHODS)
    app.add_url_rule("/<path:path>", "any", lambda path: "", methods=METHODS)
    return app


def answer(app, probe):
    client = app.test_client()
    request = {"method": probe["method"], "headers": probe["headers"], "base_url": "https://api.example.com"}
    response = client.open(probe.get("target", "/"), **request)
    names = sorted(name for name in set(response.headers.keys()) if name.startswith("Access-Control-") or name == "Vary")
    return {"status": response.status_code, "headers": {name: ", ".join(response.headers.getlist(name)) for name in names}}


def main():
    recorded = json.loads(ANSWERS.read_text())
    for case in recorded["cases"]:
        app = create_app(case["use"], case["source"])
        case["answers"] = {name: answer(app, probe) for name, probe in case["probes"].items()}
    ANSWERS.write_text(json.dumps(recorded, indent=2) + "\n")


main()
