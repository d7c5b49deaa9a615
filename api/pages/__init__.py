"""The classroom pages: start, school and room, written on the server in Swedish or English."""

from api.pages.router import pages_router

__all__ = ["pages_router"]
