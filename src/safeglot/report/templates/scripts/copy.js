for (const button of all("button.copy")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById("signature").textContent;
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { done = false; }
    if (!done) {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById("signature"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: copy it by hand";
  });
}
