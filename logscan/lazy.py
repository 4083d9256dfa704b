"""Lazy: what is derived from an object when somebody first asks, and kept in it.

As `functools.cached_property`, which before Python 3.12 takes a lock for it: a microsecond, for what is asked of
hundreds of thousands of lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - it is used like property
    """Derives an attribute by calling a method once; from then on it is an attribute like any other."""

    def __init__(self, derive: Callable[[Any], T]) -> None:
        self._derive = derive
        self._name = derive.__name__
        self.__doc__ = derive.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...

    def __get__(self, instance: object | None, owner: type[Any]) -> Self | T:
        if instance is None:
            return self
        # No `__set__`, so what stands in the object comes first from now on.
        value = instance.__dict__[self._name] = self._derive(instance)
        return value
