"""Who takes part in the league, on which track."""

from dataclasses import replace

from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.league_settings import LeagueSettings
from digs.inference.league.grid_methods import GridAlone, GridWeighted
from digs.inference.league.method import Method, Terms
from digs.inference.league.neighbours import Neighbours
from digs.inference.league.network_methods import Judged, NetworkAlone, NetworkWeighted
from digs.inference.league.sbi_methods import OfSbi
from digs.inference.league.short_walks import ShortWalks
from digs.physics.prior import Prior


def competitors(
    settings: LeagueSettings, chains: ChainsSettings, prior: Prior, fraction: float
) -> dict[str, list[Method]]:
    """Return the methods of each track.

    Args:
        settings: of the league.
        chains: emcee's, as published.
        prior: of theta.
        fraction: of the noise, in units of the model's flux, where sigmas are not given.
    """
    terms = Terms(prior, fraction, settings.draws, settings.candidates, settings.seed)
    chosen = f"chosen by exact weights from {terms.candidates} candidates for each draw"
    networks = [
        NetworkAlone(name=name, description=f"the network {name}", terms=terms, network=name)
        for name in settings.networks
    ]
    own = settings.network
    alone = NetworkAlone(name=own, description=f"the network {own}", terms=terms, network=own)
    weighted = NetworkWeighted(
        name=f"{own}, weighted", description=f"draws of the network {own}, {chosen}", terms=terms, network=own
    )
    brute_force = GridWeighted(
        name="brute force, weighted", description=f"draws of a grid of templates, {chosen}", terms=terms
    )
    refined = replace(
        brute_force,
        description=f"{brute_force.description}, more often where fewer than {settings.effective:g} are effective",
        effective=settings.effective,
    )
    sbi = settings.sbi
    return {
        "k22": [
            *networks,
            weighted,
            GridAlone(name="brute force", description="draws that a grid of templates proposes", terms=terms),
            brute_force,
            OfSbi(
                name="sbi NPE",
                description=f"sbi's NPE with its defaults, on {sbi.pairs} pairs",
                terms=terms,
                kind="NPE",
                pairs=sbi.pairs,
                epochs=sbi.npe_epochs,
            ),
            OfSbi(
                name="sbi FMPE",
                description=f"sbi's flow matching with its defaults, on {sbi.pairs} pairs, "
                f"for {sbi.fmpe_epochs} epochs at most",
                terms=terms,
                kind="FMPE",
                pairs=sbi.pairs,
                epochs=sbi.fmpe_epochs,
            ),
            ShortWalks(
                name="short walks",
                description=f"emcee from the prior, for {settings.short_walks.share:.0%} of the published steps",
                terms=terms,
                walkers=chains.walkers,
                burn_in=tuple(chains.burn_in),
                iterations=chains.iterations,
                share=settings.short_walks.share,
                at_once=settings.short_walks.at_once,
            ),
        ],
        "noise": [
            replace(refined, given=True),
            Neighbours(
                name="neighbours",
                description=f"the network {own}, shown nearest neighbours as SBI++ does, "
                f"{settings.neighbours.stand_ins} of each galaxy",
                terms=terms,
                network=own,
                pairs=settings.neighbours.pairs,
                stand_ins=settings.neighbours.stand_ins,
            ),
        ],
        "corrupted": [
            alone,
            weighted,
            refined,
            Judged(
                name="digs.infer",
                description=f"digs.infer, and draws of {own} where it says that no model makes the spectrum",
                terms=terms,
                network=own,
            ),
        ],
    }
