// What every page does: the choice of theme, the search over all pages, and pictures that grow at a click.
"use strict";
(function () {
  const up = document.body.dataset.up;

  // light or dark
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  document.getElementById("theme").addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("digs-theme", next); } catch (error) { /* storage may be forbidden */ }
    document.dispatchEvent(new Event("digs-theme"));
  });

  // the search: all words must be in an entry; what has them in its name comes first
  const MOST = 12;
  const input = document.getElementById("search");
  const results = document.getElementById("search-results");
  const entries = (window.DIGS_SEARCH || []).map(([kind, name, about, address]) => ({
    kind, name, about, address, low: name.toLowerCase(), all: `${kind} ${name} ${about}`.toLowerCase(),
  }));

  function found(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const score = (entry) => (entry.low === words.join(" ") ? 3 : 0) + words.filter((word) => entry.low.includes(word)).length;
    return entries.filter((entry) => words.every((word) => entry.all.includes(word)))
      .map((entry) => [score(entry), entry]).sort((a, b) => b[0] - a[0]).map(([, entry]) => entry);
  }

  let chosen = -1;
  function choose(place) {
    const links = [...results.querySelectorAll("a")];
    chosen = links.length ? (place + links.length) % links.length : -1;
    links.forEach((link, number) => link.setAttribute("aria-selected", String(number === chosen)));
    if (chosen >= 0) {
      links[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", links[chosen].id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function show() {
    const all = found(input.value);
    results.replaceChildren(...all.slice(0, MOST).map((entry, number) => {
      const link = document.createElement("a");
      link.href = up + entry.address;
      link.id = `found-${number}`;
      link.setAttribute("role", "option");
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = entry.kind;
      const name = document.createElement("strong");
      name.textContent = entry.name;
      link.append(kind, name, document.createTextNode(` ${entry.about}`.slice(0, 160)));
      return link;
    }));
    if (input.value.trim() && !all.length) {
      const nothing = document.createElement("p");
      nothing.textContent = "Nothing has all these words.";
      results.append(nothing);
    } else if (all.length > MOST) {
      const more = document.createElement("p");
      more.textContent = `and ${all.length - MOST} more; add a word`;
      results.append(more);
    }
    results.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!results.hidden));
    choose(-1 + (all.length ? 1 : 0));
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Escape") {
      input.value = "";
      show();
    }
  });
  document.getElementById("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const link = results.querySelectorAll("a")[Math.max(chosen, 0)];
    if (link) location.href = link.href;
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".bar")) results.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      input.focus();
      event.preventDefault();
    }
  });

  // pictures of figures, enlarged at a click
  for (const link of document.querySelectorAll("a.enlarge")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      enlarge(link.href, link.querySelector("img").alt);
    });
  }

  function enlarge(source, words) {
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    dialog.setAttribute("aria-label", "The picture, enlarged");
    const controls = document.createElement("div");
    controls.className = "controls";
    const picture = document.createElement("img");
    picture.src = source;
    picture.alt = words;
    let width = 100; // per cent of the window
    const resize = (factor) => {
      width = Math.min(800, Math.max(50, width * factor));
      picture.style.width = `${width}%`;
    };
    for (const [text, label, act] of [
      ["+", "Larger", () => resize(1.4)], ["−", "Smaller", () => resize(1 / 1.4)], ["×", "Close", () => dialog.close()],
    ]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      controls.append(button);
    }
    dialog.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      resize(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(controls, picture);
    document.body.append(dialog);
    resize(1);
    dialog.showModal();
  }
})();
