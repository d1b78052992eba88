"""The numbers in the text: one small file for each, for \\variable{output/NAME.txt} in ms.tex."""

import numpy as np
import torch

from digs import costs, paths
from digs.artifacts import read_json, read_product, write_text
from digs.cli import run
from digs.flow import load_record
from digs.formatting import count, from_to, grouped_integer, plain, probability, scientific, uncertain
from digs.light_numbers import light_variables, predictive_variables
from digs.params import load_params
from digs.priors import NAMES
from digs.products import CHAINS, GALAXY_POSTERIOR, OBSERVATIONS
from digs.simulator import default_simulator
from digs.summaries import best_draw, best_visited, compare_widths

Variables = dict[str, str]


def setup_variables() -> Variables:
    """What was simulated, with which data."""
    params = load_params()
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    spectrum = params.spectrum
    return {
        "sps_label": test.attributes["sps_label"],
        "library_size": grouped_integer(params.library.size),
        "test_size": grouped_integer(params.library.test_size),
        "pixels": str(spectrum.pixels),
        "features": str(spectrum.pixels + 1),
        "wavelength_start": f"{spectrum.wavelength_start:.0f}",
        "wavelength_stop": f"{spectrum.wavelength_stop:.0f}",
        "wavelength_step": plain((spectrum.wavelength_stop - spectrum.wavelength_start) / (spectrum.pixels - 1), 3),
        "smoothing": f"{spectrum.smoothing:.0f}",
        "noise_percent": f"{100 * params.noise.fraction:g}",
        "noise_snr": f"{1 / params.noise.fraction:g}",
    }


def simulator_variables() -> Variables:
    """How exact and how fast the exact simulator is."""
    agreement = read_json(paths.DATA / "agreement.json")
    speed = read_json(paths.DATA / "simulator_speed.json")
    ratio, exact = speed["ratio"], speed["exact_per_second"]
    return {
        "agreement_median": scientific(agreement["median"]),
        "agreement_worst": scientific(agreement["worst"]),
        "rounding_median": scientific(agreement["budget"]["rounding"]["median"], 1),
        "rounding_worst": scientific(agreement["budget"]["rounding"]["worst"], 1),
        "integration_worst": scientific(agreement["budget"]["integration"]["worst"], 1),
        "agreement_pixels": grouped_integer(agreement["pixels"]),
        "exact_per_second": grouped_integer(round(exact["median"], -3).__trunc__()),
        "exact_per_second_low": grouped_integer(round(exact["low"], -3).__trunc__()),
        "exact_per_second_high": grouped_integer(round(exact["high"], -3).__trunc__()),
        "exact_per_second_one_core": grouped_integer(
            round(speed["exact_per_second_one_core"]["median"], -3).__trunc__()
        ),
        "prospector_ms": plain(1e3 * speed["prospector_seconds"]["median"]),
        "speed_ratio": grouped_integer(round(ratio["median"], -2).__trunc__()),
        "speed_ratio_low": grouped_integer(round(ratio["low"], -2).__trunc__()),
        "speed_ratio_high": grouped_integer(round(ratio["high"], -2).__trunc__()),
        "processor": speed["machine"]["processor"].replace("(R)", "").replace("(TM)", ""),
        "threads": str(speed["machine"]["threads"]),
    }


def training_variables() -> Variables:
    """How the network was trained."""
    params = load_params()
    record = load_record(params.posteriors.network)
    training, settings = record.training, params.network(params.posteriors.network)
    history = training["history"]
    best = training["best_epoch"] - 1
    cycles = [
        min(history["held_out_loss"][start : start + settings.cycle])
        for start in range(0, training["epochs"], settings.cycle)
    ]
    return {
        "pairs_per_epoch": scientific(settings.pairs, 1),
        "hidden_features": str(record.architecture.hidden_features),
        "num_transforms": str(record.architecture.num_transforms),
        "weights": grouped_integer(training["weights"]),
        "batch_size": grouped_integer(settings.batch_size),
        "held_out_spectra": grouped_integer(training["held_out_spectra"]),
        "epochs": str(training["epochs"]),
        "cycle_epochs": str(settings.cycle),
        "cycle_losses": ", ".join(f"{loss:.3f}" for loss in cycles),
        "best_epoch": str(training["best_epoch"]),
        "stopped_because": training["stopped_because"],
        "training_minutes": plain(training["seconds"] / 60),
        "training_cpu_hours": plain(training["cpu_seconds"] / 3600),
        "held_out_loss": uncertain(training["held_out_loss"], training["held_out_loss_error"]),
        "training_loss_gap": plain(training["held_out_loss"] - history["training_loss"][best]),
    }


def width_variables() -> Variables:
    """NPE against MCMC on the galaxy of Fig. 3."""
    draws = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)["theta"]
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    widths = compare_widths(draws, chains["reference_theta"])
    tau = chains["autocorrelation_time"]
    walkers, steps, _ = chains["theta"].shape
    variables = {
        "chain_calls": scientific(chains.attributes["calls"]),
        "chain_samples": grouped_integer(walkers * steps),
        "chain_walkers": str(walkers),
        "chain_steps": str(steps),
        "chain_seconds": plain(chains.attributes["seconds"]),
        "acceptance": uncertain(float(chains["acceptance"].mean()), float(chains["acceptance"].std() / walkers**0.5)),
        "autocorrelation_low": plain(tau.min()),
        "autocorrelation_high": plain(tau.max()),
        "chain_independent": plain(walkers * max(1.0, steps / tau.max())),
        "reference_steps": grouped_integer(chains.attributes["reference_steps"]),
        "reference_independent": count(walkers * chains.attributes["reference_steps"] / tau.max()),
    }
    for place, name in enumerate(NAMES):
        variables[f"npe_width_{name}"] = uncertain(widths.npe[place], widths.npe_error[place])
        variables[f"mcmc_width_{name}"] = uncertain(widths.mcmc[place], widths.mcmc_error[place])
        variables[f"width_ratio_{name}"] = uncertain(widths.ratio[place], widths.ratio_error[place])
    variables["width_ratio_low"] = plain(widths.ratio.min())
    variables["width_ratio_high"] = plain(widths.ratio.max())
    return variables


def best_fit_variables() -> Variables:
    """How far the best fits are from the noisy and from the true spectrum, in percent."""
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    posterior = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    best = {
        "npe": best_draw(posterior["theta"], posterior["log_prob"]),
        "npe_theta": posterior["theta"][posterior["log_prob"].argmax()],
        "mcmc": best_visited(chains),
    }
    variables = {}
    for method, theta in best.items():
        model = default_simulator()(torch.as_tensor(theta)[None]).numpy()[0]
        for against, flux in (("data", galaxy["noisy_flux"][0]), ("truth", galaxy["flux"][0])):
            residual = 100 * np.abs(model / flux - 1)
            variables[f"{method}_{against}_rms"] = plain(float(np.sqrt(np.mean(residual**2))))
            variables[f"{method}_{against}_worst"] = plain(float(residual.max()))
    return variables


def calibration_variables() -> Variables:
    """Recovery and calibration over the test set."""
    metrics = read_json(paths.DATA / "calibration.json")
    variables = {"test_draws": grouped_integer(metrics["draws"])}
    for name, numbers in metrics["parameters"].items():
        for key, value in numbers.items():
            if isinstance(value, dict):
                variables[f"{key}_{name}"] = uncertain(value["value"], value["error"])
        variables[f"correlation_central_{name}"] = plain(numbers["correlation_central"], 3)
        variables[f"rank_p_{name}"] = probability(numbers["uniform_ranks_p_value"])
    return variables


def training_speed_variables() -> Variables:
    """The training loop against sbi's own."""
    speed = read_json(paths.DATA / "training_speed.json")
    return {
        "lean_pairs_per_second": count(speed["lean_pairs_per_second"]["median"]),
        "lean_batch_size": grouped_integer(speed["batch_size"]),
        "lean_ratio": plain(speed["ratio"]["median"]),
        "lean_ratio_range": from_to(speed["ratio"]["low"], speed["ratio"]["high"]),
        "lean_ratio_default": plain(speed["ratio_default"]["median"]),
        "lean_ratio_default_range": from_to(speed["ratio_default"]["low"], speed["ratio_default"]["high"]),
        "lean_large_batch_size": grouped_integer(speed["batch_size_large"]),
        "lean_large_ratio_default": plain(speed["ratio_default_large"]["median"]),
        "lean_large_ratio_default_range": from_to(*(speed["ratio_default_large"][end] for end in ("low", "high"))),
        "sbi_default_batch_size": str(speed["batch_size_default"]),
    }


def lookup_variables() -> Variables:
    """What the lookup does to the posteriors."""
    experiment = read_json(paths.DATA / "lookup_experiment.json")
    measured = experiment["measured"]
    result = {
        "lookup_loss_pairs": count(experiment["pairs"], 1),
        "lookup_spectra": grouped_integer(experiment["spectra"]),
        "lookup_draws": str(experiment["draws"]),
    }
    for network in ("lookup", "paper", "exact", "fiducial"):
        numbers = measured[network]
        for name in NAMES:
            galaxy, exact = numbers["galaxy"][name]["half_width"], numbers["exact"][name]["coverage_68"]
            result[f"{network}_galaxy_width_{name}"] = uncertain(galaxy["value"], galaxy["error"])
            result[f"{network}_exact_coverage_{name}"] = uncertain(exact["value"], exact["error"])
            exact = numbers["exact"][name]["coverage_95"]
            result[f"{network}_exact_coverage_95_{name}"] = uncertain(exact["value"], exact["error"])
        above = numbers["loss_above_reference"]
        result[f"{network}_loss_above_exact"] = uncertain(above["value"], above["error"])
        result[f"{network}_exact_p"] = probability(min(numbers["exact"][p]["uniform_ranks_p_value"] for p in NAMES))
    return result


def fiducial_variables() -> Variables:
    """The fiducial network: how it was found and trained."""
    params = load_params()
    record = load_record("fiducial")
    training, architecture = record.training, record.architecture
    search = read_json(paths.DATA / "studies" / "search.json")["measured"]
    experiment = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    above = experiment["fiducial"]["loss_above_reference"]
    gain, scores = search["five_dimensions"]["loss_above_first"], search["scores"]["loss_above_first"]
    return {
        "search_networks": str(len(search)),
        "search_pairs": scientific(next(iter(search.values()))["training_pairs"], 1),
        "study_pairs": count(params.studies_common.pairs, 1),
        "exact_above_fiducial": uncertain(-above["value"], above["error"]),
        "scores_gain": uncertain(-scores["value"], scores["error"]),
        "closed_form_gain": uncertain(gain["value"], gain["error"]),
        "fiducial_transforms": str(architecture.num_transforms),
        "fiducial_bins": str(architecture.num_bins),
        "fiducial_components": str(architecture.components),
        "fiducial_width": str(architecture.embedding.width),
        "fiducial_features": str(architecture.embedding.features),
        "fiducial_weights": grouped_integer(training["weights"]),
        "fiducial_pairs": scientific(training["epochs"] * params.network("fiducial").pairs),
        "fiducial_minutes": plain(training["cpu_seconds"] / 60),
        "fiducial_batch_size": grouped_integer(params.network("fiducial").batch_size),
        "fiducial_workers": str(training["workers"]),
        "fiducial_loss": uncertain(training["held_out_loss"], training["held_out_loss_error"]),
    }


def compression_variables() -> Variables:
    """What components of the spectra do not tell of the parameters."""
    compression = read_json(paths.DATA / "compression.json")
    components = {
        "scores": load_record("fiducial").architecture.components,
        "variance": load_params().study("search").common["architecture"]["components"],
    }
    result = {"base_components": str(components["variance"])}
    for choice, number in components.items():
        lost = compression["lost"][choice][compression["components"].index(number)]
        result[f"lost_by_{choice}"] = uncertain(lost["value"], lost["error"])
    return result


def study_variables() -> Variables:
    """How much the number of distinct theta matters, and chance."""
    budget, seeds = (read_json(paths.DATA / "studies" / f"{name}.json")["measured"] for name in ("budget", "seeds"))
    first, *others = seeds.values()
    losses = np.array([each["loss"]["value"] for each in seeds.values()])
    widths = np.array([each["half_width"] for each in seeds.values()])
    result = {
        "budget_pairs": scientific(first["training_pairs"], 1),
        "budget_steps": grouped_integer(first["steps"]),
        "budget_batch": grouped_integer(first["settings"]["batch_size"]),
        "seeds": str(len(seeds)),
        "seeds_loss_range": plain(float(np.ptp(losses))),
        "seeds_loss_error": plain(max(each["loss_above_first"]["error"] for each in others)),
        "seeds_width_spread": plain(float(100 * (np.ptp(widths, 0) / widths.mean(0)).max())),
    }
    for name, numbers in budget.items():
        above = numbers["loss_above_first"]
        if above["error"]:
            result[f"budget_{name}"] = uncertain(above["value"], above["error"])
    return result


def fidelity_variables() -> Variables:
    """Networks against the reference chains and the exact likelihood."""
    reference = read_json(paths.DATA / "reference.json")
    settings = load_params().reference
    comparison = read_json(paths.DATA / "comparison.json")
    two_sample = read_json(paths.DATA / "two_sample.json")
    result = {
        "two_sample_galaxies": str(two_sample["galaxies"]),
        "two_sample_candidates": grouped_integer(two_sample["candidates"]),
        "reference_galaxies": str(reference["galaxies"]),
        "reference_converged": str(reference["converged"]),
        "reference_walkers": str(settings.walkers),
        "reference_ensembles": str(settings.ensembles),
        "reference_r_hat": plain(settings.r_hat, 3),
        "reference_size": grouped_integer(round(settings.sample_size)),
        "reference_least_size": count(reference["least_sample_size"]),
        "comparison_draws": grouped_integer(comparison["draws"]),
    }
    switch = [comparison["fixed_sigma"][name] for name in NAMES]
    for end, choose in (("low", min), ("high", max)):
        result[f"switch_ratio_{end}"] = plain(choose(each["ratio"]["value"] for each in switch), 3)
        result[f"switch_shift_{end}"] = f"{choose(each['shift']['value'] for each in switch):.2f}"
    for name, numbers in two_sample["measured"].items():
        result[f"two_sample_{name}"] = uncertain(numbers["value"], numbers["error"])
    for network, numbers in comparison["measured"].items():
        ratios = [numbers[name]["ratio"]["value"] for name in NAMES]
        shifts = [numbers[name]["shift"]["value"] for name in NAMES]
        result[f"{network}_ratio_low"], result[f"{network}_ratio_high"] = (plain(f(ratios), 4) for f in (min, max))
        result[f"{network}_shift_low"], result[f"{network}_shift_high"] = (plain(f(shifts)) for f in (min, max))
        for key in ("efficiency", "efficiency_5"):
            percent = {part: 100 * value for part, value in numbers[key].items()}
            result[f"{network}_{key}"] = uncertain(percent["value"], percent["error"])
        result[f"{network}_excess"] = uncertain(numbers["excess_loss"]["value"], numbers["excess_loss"]["error"])
    return result


def nested_variables() -> Variables:
    """The reference chains against nested sampling."""
    nested = read_json(paths.DATA / "nested.json")
    measured = nested["measured"]
    ratios = [measured[name]["ratio"]["value"] for name in NAMES]
    difference = measured["log_evidence_difference"]
    return {
        "nested_galaxies": str(nested["galaxies"]),
        "nested_ratio_low": plain(min(ratios), 3),
        "nested_ratio_high": plain(max(ratios), 3),
        "nested_shift": plain(max(measured[name]["shift"]["value"] for name in NAMES)),
        "nested_evidence": uncertain(difference["value"], difference["error"]),
        "nested_evidence_worst": plain(measured["log_evidence_largest_difference"]),
    }


def edge_variables() -> Variables:
    """Bias and coverage close to the ends of the prior: the worst of the ten ends."""
    edges = read_json(paths.DATA / "edges.json")
    result = {
        "edge_share": f"{100 * edges['share']:g}",
        "edge_spectra": grouped_integer(edges["spectra"]),
    }
    for network, numbers in edges["measured"].items():
        ends = [numbers[name][end] for name in NAMES for end in ("low", "high")]
        bias = [abs(end["by_truth"]["bias_in_widths"]["value"]) for end in ends if end["by_truth"]]
        covered = [end["by_estimate"]["coverage_68"]["value"] for end in ends if end["by_estimate"]]
        result[f"edge_bias_{network}"] = plain(max(bias))
        result[f"edge_covered_low_{network}"] = plain(min(covered), 3)
        result[f"edge_covered_high_{network}"] = plain(max(covered), 3)
    return result


def cost_variables() -> Variables:
    """What a posterior costs, and when training pays."""
    timing = read_json(costs.TIMING)
    fits = timing["fit_seconds"]
    result = {
        "mcmc_seconds": plain(fits["exact"]["median"]),
        "mcmc_seconds_range": from_to(fits["exact"]["low"], fits["exact"]["high"]),
        "mcmc_prospector_hours": plain(fits["prospector"]["median"] / costs.HOUR),
        "simulator_gain": count(timing["fit_ratio"]["median"]),
        "timing_posterior_galaxies": str(timing["posterior_galaxies"]),
        "timing_most_pixels": str(timing["pixels"][-1]),
    }
    for name, network in timing["networks"].items():
        each, sbi, exact, prospector = (
            network["posterior_seconds"],
            network["ratio_to_sbi"],
            network["against"]["exact"],
            network["against"]["prospector"],
        )
        result |= {
            f"{name}_npe_ms": plain(1e3 * each["median"]),
            f"{name}_npe_ms_range": from_to(1e3 * each["low"], 1e3 * each["high"]),
            f"{name}_sbi_ratio": plain(sbi["median"]),
            f"{name}_sbi_ratio_range": from_to(sbi["low"], sbi["high"]),
            f"{name}_per_fit": count(exact["galaxies_per_fit"]["median"]),
            f"{name}_break_even": count(exact["break_even"]["median"]),
            f"{name}_per_prospector_fit": scientific(prospector["galaxies_per_fit"]["median"]),
            f"{name}_per_prospector_fit_trained": scientific(prospector["galaxies_per_fit_with_training"]["median"]),
            f"{name}_break_even_prospector": plain(prospector["break_even"]["median"]),
            f"{name}_pixels_factor": plain(network["pixels"][-1]["median"] / network["pixels"][0]["median"]),
        }
    return result


def main() -> None:
    """Write every number of the text to src/tex/output."""
    groups = (
        setup_variables,
        simulator_variables,
        training_variables,
        width_variables,
        best_fit_variables,
        calibration_variables,
        training_speed_variables,
        lookup_variables,
        fiducial_variables,
        compression_variables,
        study_variables,
        fidelity_variables,
        nested_variables,
        edge_variables,
        cost_variables,
        predictive_variables,
        light_variables,
    )
    for group in groups:
        for name, text in group().items():
            write_text(paths.OUTPUT / f"{name}.txt", text)


if __name__ == "__main__":
    run(main)
