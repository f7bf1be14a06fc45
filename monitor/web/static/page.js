// Times in the reader's own zone. Everything else works without scripts.
"use strict";

const two = (number) => String(number).padStart(2, "0");

for (const element of document.querySelectorAll("time[datetime]")) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  element.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
  element.title = element.dateTime;
}
