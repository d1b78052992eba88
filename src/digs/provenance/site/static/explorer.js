// The explorer's controls: what is chosen, and what follows from it.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});
  const QUIET = 800; // milliseconds without a change, after which it is said and kept
  const $ = (id) => document.getElementById(id);

  const setup = JSON.parse($("explorer-setup").textContent);
  const parameters = setup.parameters;
  const simulator = new DIGS.Simulator(window.DIGS_POPULATIONS);
  const draws = new DIGS.Draws(window.DIGS_DRAWS);
  const spectrum_plot = new DIGS.SpectrumPlot($("spectrum"), simulator.wavelength);
  const corner_plot = new DIGS.CornerPlot($("corner"), parameters);

  DIGS.spectrum = (theta) => simulator.spectrum(theta);
  DIGS.chi_squared = (theta, galaxy) =>
    DIGS.pulls(draws.flux[galaxy], simulator.spectrum(theta), draws.noise).reduce((sum, pull) => sum + pull * pull, 0);

  const state = { galaxy: 0, theta: [...draws.theta[0]] };
  DIGS.state = state;

  const fixed = (value, decimals) => DIGS.minus(value.toFixed(decimals));
  const named = (place, value) => {
    const { label, unit } = parameters[place];
    return `${label} ${fixed(value, 3)}${unit ? ` ${unit}` : ""}`;
  };
  const in_sentence = (galaxy) => (galaxy ? draws.name(galaxy).toLowerCase() : "the galaxy of Fig. 3");
  const in_words = (value) => (value >= 1e5 ? DIGS.scientific(value, 2) : value.toFixed(1));

  const inside = (place, value) => Math.min(parameters[place].high, Math.max(parameters[place].low, value));

  // the sliders

  const sliders = parameters.map(({ name }) => ({ range: $(`range-${name}`), number: $(`number-${name}`) }));

  function show_sliders(typing = null) {
    sliders.forEach(({ range, number }, place) => {
      range.value = state.theta[place];
      range.setAttribute("aria-valuetext", named(place, state.theta[place]));
      if (number !== typing) number.value = Number(state.theta[place].toFixed(4));
    });
  }

  function move(changes, typing = null) {
    for (const [place, value] of changes) state.theta[place] = value;
    show_sliders(typing);
    redraw();
  }

  sliders.forEach(({ range, number }, place) => {
    const { low, high } = parameters[place];
    range.addEventListener("input", () => move([[place, Number(range.value)]]));
    number.addEventListener("input", () => {
      const value = number.valueAsNumber;
      if (value >= low && value <= high) move([[place, value]], number);
    });
    number.addEventListener("change", () => {
      const value = number.valueAsNumber;
      move(Number.isFinite(value) ? [[place, inside(place, value)]] : []);
    });
  });

  const to = (theta) => move([...theta].map((value, place) => [place, value]));
  $("to-truth").addEventListener("click", () => to(draws.theta[state.galaxy]));
  $("to-best").addEventListener("click", () => to(draws.most_likely(state.galaxy)));

  // the spectrum

  const inset = new DIGS.SpectrumPlot($("inset"), simulator.wavelength); // beside the corner plot, where there is room
  let latest = null;

  function draw_spectrum() {
    const model = simulator.spectrum(state.theta);
    const data = draws.flux[state.galaxy];
    const pulls = DIGS.pulls(data, model, draws.noise);
    const chi_squared = pulls.reduce((sum, pull) => sum + pull * pull, 0);
    latest = { model, data, pulls, chi_squared };
    const words = in_words(chi_squared);
    const shown = { model, data, pulls, chi_squared: words, fraction: draws.noise, logarithmic: $("logarithmic").checked };
    spectrum_plot.draw({ ...shown, features: $("features").checked ? setup.features : [] });
    if ($("inset").clientWidth) inset.draw({ ...shown, features: [] });
    $("chi-squared").textContent = words;
    show_pixel();
  }

  function show_pixel() {
    const pixel = spectrum_plot.hovered;
    const flux = (value) => DIGS.scientific(value, 3);
    $("pixel").textContent = pixel === null
      ? "Point at the spectrum to read a pixel."
      : `${simulator.wavelength[pixel].toFixed(1)} Å: data ${flux(latest.data[pixel])}, model ${flux(latest.model[pixel])} ` +
        `erg s⁻¹ cm⁻² Å⁻¹, residual ${fixed(latest.pulls[pixel], 2)} σ`;
  }

  $("spectrum").addEventListener("pointermove", (event) => {
    spectrum_plot.hovered = spectrum_plot.pixel_at(event);
    redraw();
  });
  $("spectrum").addEventListener("pointerleave", () => {
    spectrum_plot.hovered = null;
    redraw();
  });
  $("features").addEventListener("change", redraw);
  $("logarithmic").addEventListener("change", redraw);

  // what a screen reader hears

  function tell() {
    const worst = latest.pulls.reduce((most, pull, pixel) => (Math.abs(pull) > Math.abs(latest.pulls[most]) ? pixel : most), 0);
    const said =
      `Chi-squared ${in_words(latest.chi_squared)} for ${latest.data.length} pixels; largest residual ` +
      `${fixed(latest.pulls[worst], 1)} sigma at ${simulator.wavelength[worst].toFixed(0)} Å.`;
    const model = state.theta.map((value, place) => named(place, value)).join(", ");
    $("said").textContent = said;
    $("spectrum").setAttribute("aria-label", `Spectrum of ${in_sentence(state.galaxy)} and model with ${model}. ${said}`);
  }

  // the posteriors

  const chosen_sets = () => draws.sets.filter((key) => $(`set-${key}`).checked);

  function prepare_corner() {
    const sets = chosen_sets().map((key) => ({
      theta: draws.of(key, state.galaxy),
      colour: DIGS.colour(setup.sets[key].colour),
      dashes: setup.sets[key].dashes,
    }));
    corner_plot.prepare({ sets, truth: draws.theta[state.galaxy], whole: $("whole").checked, points: $("points").checked });
  }

  function fill_table() {
    const cell = (kind, text, scope) => {
      const made = document.createElement(kind);
      made.textContent = text;
      if (scope) made.scope = scope;
      else made.className = "figure";
      return made;
    };
    const keys = chosen_sets();
    const head = document.createElement("tr");
    head.append(cell("th", "Parameter", "col"), ...["Truth", ...keys.map((key) => setup.sets[key].name)].map((text) => cell("th", text, "col")));
    [...head.cells].slice(1).forEach((each) => each.classList.add("figure"));
    const rows = parameters.map(({ label, unit }, place) => {
      const row = document.createElement("tr");
      const entries = keys.map((key) => {
        const [low, median, high] = draws.quantiles[draws.sets.indexOf(key)][state.galaxy].map((each) => each[place]);
        return `${fixed(median, 3)} ± ${((high - low) / 2).toFixed(3)}`;
      });
      row.append(
        cell("th", unit ? `${label} (${unit})` : label, "row"),
        ...[fixed(draws.theta[state.galaxy][place], 3), ...entries].map((text) => cell("td", text)),
      );
      return row;
    });
    $("medians").tHead.replaceChildren(head);
    $("medians").tBodies[0].replaceChildren(...rows);
    const shown = keys.map((key) => setup.sets[key].name).join(", ") || "no set";
    $("corner").setAttribute(
      "aria-label",
      `Corner plot of the posterior of ${in_sentence(state.galaxy)} by ${shown}; the table of medians says the same in numbers.`,
    );
  }

  function posteriors() {
    prepare_corner();
    fill_table();
    redraw();
  }

  for (const key of draws.sets) $(`set-${key}`).addEventListener("change", posteriors);
  for (const id of ["whole", "points"]) $(id).addEventListener("change", posteriors);

  const under = (event) => corner_plot.values_at(event);
  $("corner").addEventListener("click", (event) => move(under(event)));
  $("corner").addEventListener("pointermove", (event) => {
    const found = under(event);
    $("corner").style.cursor = found.length ? "crosshair" : "";
    $("corner-values").textContent = found.length
      ? found.map(([place, value]) => named(place, value)).join(", ")
      : "Point at a panel to read values; click to move the sliders there.";
  });

  // the galaxy

  function choose(galaxy, theta = draws.theta[galaxy]) {
    state.galaxy = galaxy;
    $("galaxy").value = state.galaxy;
    $("galaxy-again").textContent = in_sentence(state.galaxy);
    const convergence = draws.convergence[state.galaxy];
    const { r_hat, sample_size } = setup.converged;
    $("convergence").textContent = convergence
      ? `MCMC's largest R-hat is ${convergence[0].toFixed(4)}, its smallest effective sample size ${convergence[1].toFixed(0)}` +
        (convergence[0] <= r_hat && convergence[1] >= sample_size ? "." : ": this chain does not count as converged.")
      : "Of this galaxy there is one long walk of emcee.";
    to(theta);
    posteriors();
  }

  $("galaxy").replaceChildren(...draws.rows.map((_, galaxy) => new Option(draws.name(galaxy), galaxy)));
  $("galaxy").addEventListener("change", () => choose(Number($("galaxy").value)));
  for (const button of document.querySelectorAll("[data-step]")) {
    const step = Number(button.dataset.step);
    button.addEventListener("click", () => choose((state.galaxy + step + draws.galaxies) % draws.galaxies));
  }

  // the address, which keeps galaxy and sliders

  const code = (galaxy) => String(draws.rows[galaxy] ?? "fig3");

  function remember() {
    const kept = new URLSearchParams({ galaxy: code(state.galaxy) });
    parameters.forEach(({ name }, place) => kept.set(name, Number(state.theta[place].toFixed(6))));
    history.replaceState(null, "", `#${kept}`);
  }

  // What the address lacks or says wrongly is as the page opens without it.
  function restore() {
    const kept = new URLSearchParams(location.hash.slice(1));
    const galaxy = Math.max(0, draws.rows.findIndex((_, place) => code(place) === kept.get("galaxy")));
    const theta = parameters.map(({ name }, place) => {
      const value = parseFloat(kept.get(name));
      return Number.isFinite(value) ? inside(place, value) : draws.theta[galaxy][place];
    });
    choose(galaxy, theta);
  }

  window.addEventListener("hashchange", () => {
    if (location.hash.includes("galaxy=")) restore(); // else it leads to a place on the page
  });

  // drawing, once a frame at most

  let asked = false;
  let waiting = 0;

  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw_spectrum();
      corner_plot.draw(state.theta);
      clearTimeout(waiting);
      waiting = setTimeout(at_rest, QUIET);
    });
  }

  function at_rest() {
    tell();
    remember();
  }

  const all_again = () => {
    prepare_corner();
    redraw();
  };
  document.addEventListener("digs-theme", all_again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all_again);
  new ResizeObserver(all_again).observe($("explorer"));
  restore();
})();
