for (const button of all("button.copy")) {
  button.addEventListener("click", async () => {
    const place = document.getElementById(button.dataset.copy || "signature");
    let done = false;
    try { await navigator.clipboard.writeText(place.textContent); done = true; } catch { done = false; }
    if (!done) {
      for (const fold of all("details")) if (fold.contains(place)) fold.open = true;
      const range = document.createRange();
      range.selectNodeContents(place);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: copy it by hand";
  });
}
