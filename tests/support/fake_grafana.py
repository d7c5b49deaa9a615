"""A Grafana of a dozen endpoints that remembers: organisations, data sources, folders, teams, dashboards.

Answers, refusals and their words are those of Grafana's HTTP API (9.4 to 13), as far as ``dashboards push``
meets them. It runs behind a real socket, because both client libraries bring their own HTTP.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json = dict[str, Any]
TOKEN, EDITOR, ADMIN = "glsa_admin", "glsa_editor", ("root", "geheim")


class Datasource(BaseModel):
    """As it is sent; secrets go in and never out."""

    model_config = ConfigDict(extra="forbid")

    uid: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,40}$")
    name: str
    type: str
    access: str
    url: str
    jsonData: Json  # noqa: N815
    secureJsonData: dict[str, str] = {}  # noqa: N815


class Folder(BaseModel):
    """A new folder, or its new title."""

    title: str
    uid: str = ""
    overwrite: bool = False


class Permissions(BaseModel):
    """All of a folder's."""

    items: list[Json]


class Dashboard(BaseModel):
    """A dashboard to be saved."""

    model_config = ConfigDict(extra="forbid")

    dashboard: Json
    folderUid: str  # noqa: N815
    overwrite: bool
    message: str = ""


class Named(BaseModel):
    """A team or an organisation."""

    name: str


@dataclass
class Org:
    """What stands in an organisation."""

    name: str
    sources: dict[str, Json] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    folders: dict[str, Json] = field(default_factory=dict)
    permissions: dict[str, list[Json]] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)


@dataclass
class State:
    """The server: its organisations, where its user is, and what it was asked to change."""

    orgs: dict[int, Org] = field(default_factory=lambda: {1: Org("Main Org.")})
    current: int = 1
    writes: list[str] = field(default_factory=list)
    provisioned: set[str] = field(default_factory=set)

    @property
    def org(self) -> Org:
        """The organisation in which is worked."""
        return self.orgs[self.current]


class Who(BaseModel):
    """Who asks: a token of an organisation's admin or editor, or the server's administrator."""

    admin: bool
    server: bool


async def who(request: Request) -> Who:
    """401 for whom nobody knows."""
    given = request.headers.get("authorization", "")
    basic = "Basic " + base64.b64encode(":".join(ADMIN).encode()).decode()
    if given == f"Bearer {TOKEN}":
        return Who(admin=True, server=False)
    if given == f"Bearer {EDITOR}":
        return Who(admin=False, server=False)
    if given == basic:
        return Who(admin=True, server=True)
    raise HTTPException(
        401, "Invalid API key" if given.startswith("Bearer") else "Invalid username or password"
    )


async def admin(request: Request) -> None:
    """403 without the role Admin."""
    if not (await who(request)).admin:
        raise HTTPException(
            403, "You'll need additional permissions to perform this action. Permissions needed: x"
        )


async def server_admin(request: Request) -> None:
    """403 for tokens: organisations are the server's."""
    if not (await who(request)).server:
        raise HTTPException(
            403, "You'll need additional permissions to perform this action. Permissions needed: orgs:read"
        )


def fake_grafana(state: State) -> FastAPI:
    """The application over ``state``."""
    app = FastAPI(dependencies=[Depends(who)])

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"message": error.detail}, error.status_code)

    app.add_middleware(_Written, state=state)
    _sources(app, state)
    _folders(app, state)
    _dashboards(app, state)
    _teams(app, state)
    _organisations(app, state)
    return app


class _Written:
    """Remembers what was changed."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.app, self.state = app, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if (
                message["type"] == "http.response.start"
                and scope["method"] != "GET"
                and message["status"] < 300
            ):
                self.state.writes.append(f"{scope['method']} {scope['path']}")
            await send(message)

        await self.app(scope, receive, sent)


def _missing(what: str) -> HTTPException:
    return HTTPException(404, f"{what} not found")


def _sources(app: FastAPI, state: State) -> None:
    @app.get("/api/datasources/name/{name}", dependencies=[Depends(admin)])
    async def get(name: str) -> Json:
        if name not in state.org.sources:
            raise _missing("Data source")
        return state.org.sources[name]

    def keep(body: Datasource, number: int) -> Json:
        org = state.org
        org.secrets.setdefault(body.uid, {}).update(body.secureJsonData)
        org.sources[body.name] = {
            "id": number,
            "orgId": state.current,
            **body.model_dump(exclude={"secureJsonData"}),
            "secureJsonFields": dict.fromkeys(org.secrets[body.uid], True),
            "readOnly": False,
        }
        return {"datasource": org.sources[body.name], "message": "Datasource added", "name": body.name}

    @app.post("/api/datasources", dependencies=[Depends(admin)])
    async def create(body: Datasource) -> Json:
        if body.name in state.org.sources:
            raise HTTPException(409, "data source with the same name already exists")
        return keep(body, len(state.org.sources) + 1)

    @app.put("/api/datasources/uid/{uid}", dependencies=[Depends(admin)])
    async def update(uid: str, body: Datasource) -> Json:
        found = next((one for one in state.org.sources.values() if one["uid"] == uid), None)
        if found is None:
            raise _missing("Data source")
        return keep(body, found["id"])


def _folders(app: FastAPI, state: State) -> None:
    @app.get("/api/folders/{uid}")
    async def get(uid: str) -> Json:
        if uid not in state.org.folders:
            raise _missing("folder")
        return state.org.folders[uid]

    @app.post("/api/folders", dependencies=[Depends(admin)])
    async def create(body: Folder) -> Json:
        if any(one["title"] == body.title for one in state.org.folders.values()):
            raise HTTPException(409, "a folder with the same name already exists in the current location")
        state.org.folders[body.uid] = {"uid": body.uid, "title": body.title, "version": 1}
        roles = [{"role": "Viewer", "permission": 1}, {"role": "Editor", "permission": 2}]
        state.org.permissions[body.uid] = roles
        return state.org.folders[body.uid]

    @app.put("/api/folders/{uid}", dependencies=[Depends(admin)])
    async def update(uid: str, body: Folder) -> Json:
        if uid not in state.org.folders:
            raise _missing("folder")
        if not body.overwrite:
            raise HTTPException(412, "the folder has been changed by someone else")
        state.org.folders[uid]["title"] = body.title
        return state.org.folders[uid]

    @app.get("/api/folders/{uid}/permissions", dependencies=[Depends(admin)])
    async def permissions(uid: str) -> list[Json]:
        always = {"role": "Admin", "permission": 4}
        named = [
            {**item, "team": state.org.teams[item["teamId"]]} if "teamId" in item else item
            for item in state.org.permissions[uid]
        ]
        return [always, *named]

    @app.post("/api/folders/{uid}/permissions", dependencies=[Depends(admin)])
    async def set_permissions(uid: str, body: Permissions) -> Json:
        state.org.permissions[uid] = body.items
        return {"message": "Folder permissions updated"}


def _dashboards(app: FastAPI, state: State) -> None:
    @app.get("/api/dashboards/uid/{uid}")
    async def get(uid: str) -> Json:
        if uid not in state.org.dashboards:
            raise _missing("Dashboard")
        return state.org.dashboards[uid]

    @app.post("/api/dashboards/db", dependencies=[Depends(admin)])
    async def save(body: Dashboard) -> Json:
        sent, uid = dict(body.dashboard), str(body.dashboard["uid"])
        if uid in state.provisioned:
            raise HTTPException(400, "Cannot save provisioned dashboard")
        if body.folderUid not in state.org.folders:
            raise HTTPException(400, "folder not found")
        present = state.org.dashboards.get(uid)
        number = present["dashboard"]["version"] if present else 0
        if present and not body.overwrite and sent.get("version") != number:
            raise HTTPException(412, "The dashboard has been changed by someone else")
        same = [
            o["dashboard"]["title"]
            for u, o in state.org.dashboards.items()
            if u != uid and o["meta"]["folderUid"] == body.folderUid
        ]
        if sent["title"] in same and not body.overwrite:
            raise HTTPException(412, "A dashboard with the same name in the folder already exists")
        sent |= {
            "id": present["dashboard"]["id"] if present else len(state.org.dashboards) + 1,
            "version": number + 1,
        }
        state.org.dashboards[uid] = {
            "dashboard": sent,
            "meta": {"folderUid": body.folderUid, "version": number + 1},
        }
        return {"uid": uid, "status": "success", "version": number + 1}


def _teams(app: FastAPI, state: State) -> None:
    @app.get("/api/teams/search", dependencies=[Depends(admin)])
    async def search(name: str) -> Json:
        found = [{"id": number, "name": one} for number, one in state.org.teams.items() if one == name]
        return {"totalCount": len(found), "teams": found}

    @app.post("/api/teams", dependencies=[Depends(admin)])
    async def add(body: Named) -> Json:
        if body.name in state.org.teams.values():
            raise HTTPException(409, "Team name taken")
        number = len(state.org.teams) + 1
        state.org.teams[number] = body.name
        return {"message": "Team created", "teamId": number}


def _organisations(app: FastAPI, state: State) -> None:
    @app.get("/api/org")
    async def current() -> Json:
        return {"id": state.current, "name": state.org.name}

    @app.get("/api/orgs/name/{name}", dependencies=[Depends(server_admin)])
    async def find(name: str) -> Json:
        for number, org in state.orgs.items():
            if org.name == name:
                return {"id": number, "name": name}
        raise _missing("Organization")

    @app.post("/api/orgs", dependencies=[Depends(server_admin)])
    async def create(body: Named) -> Json:
        if any(org.name == body.name for org in state.orgs.values()):
            raise HTTPException(409, "Organization name taken")
        state.orgs[len(state.orgs) + 1] = Org(body.name)
        return {"message": "Organization created", "orgId": len(state.orgs)}

    @app.post("/api/user/using/{number}", dependencies=[Depends(server_admin)])
    async def using(number: int) -> Json:
        state.current = number
        return {"message": "Active organization changed"}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application behind a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True  # the clients keep their connections
        thread.join(10)
