"""A position shared by several stages."""

import gc
import weakref

import pytest
from examplefilm import film

from backprop_kit.widgets.player import Player
from backprop_kit.widgets.stage import Stage


@pytest.fixture
def pair():
    player = Player()
    stages = (
        Stage(film(), cut="layer", player=player),
        Stage(film(), cut="operation", player=player),
    )
    yield player, *stages
    for stage in stages:
        stage.close()


def test_stages_share_the_players_name_and_place(pair):
    player, a, b = pair
    assert a.player == b.player == player.id and player.id != Player().id
    player.seek(3)
    assert a.k == b.k == player.k == 3
    a.k = 5  # what the page says is recorded; the other stage hears of it in the page
    assert player.k == 5 and b.k == 3


def test_a_late_stage_starts_where_the_player_is(pair):
    player, a, _ = pair
    player.seek(4)
    late = Stage(film(), player=player)
    assert late.k == 4 and a.k == 4
    late.close()


def test_films_of_different_recordings_are_refused(pair):
    player, *_ = pair
    with pytest.raises(
        ValueError, match=r"different recordings, so they cannot share a Player\.\nGive the second"
    ):
        Stage(film(seed=6), player=player)


def test_there_is_no_step_before_the_first(pair):
    with pytest.raises(ValueError, match=r"no step -1\.\nSteps are counted from 0\."):
        pair[0].seek(-1)


def test_a_player_keeps_no_closed_stage():
    player = Player()
    stage = Stage(film(), player=player)
    gone = weakref.ref(stage)
    stage.close()
    del stage
    gc.collect()
    assert gone() is None
    other = Stage(film(seed=6), player=player)  # no stage is left that could disagree
    other.close()
