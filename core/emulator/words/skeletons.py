"""The short programs that the demo knows, and the frames that it fills for all others.

In a frame, SNAKE, CAMEL, PASCAL and ROWS stand for names, TITLE for a few plain words.
"""

SKELETONS = {
    "python": '''def SNAKE(items: list[str]) -> list[str]:
    """TITLE: a frame for a rule of your own."""
    kept = []
    for item in items:
        if item.strip():  # put your rule here
            kept.append(item.strip())
    return kept


print(SNAKE(["first", "", "second"]))''',
    "javascript": """// TITLE: a frame for a rule of your own.
function CAMEL(items) {
  return items
    .map((item) => item.trim())
    .filter((item) => item.length > 0); // put your rule here
}

console.log(CAMEL(["first", "", "second"]));""",
    "typescript": """// TITLE: a frame for a rule of your own.
function CAMEL(items: string[]): string[] {
  return items
    .map((item) => item.trim())
    .filter((item) => item.length > 0); // put your rule here
}

console.log(CAMEL(["first", "", "second"]));""",
    "sql": """-- TITLE
CREATE TABLE ROWS (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    amount INTEGER NOT NULL DEFAULT 0
);

SELECT name, SUM(amount) AS total
FROM ROWS
WHERE amount > 0
GROUP BY name
ORDER BY total DESC
LIMIT 10;""",
    "bash": """#!/usr/bin/env bash
# TITLE
set -euo pipefail

SNAKE() {
  local folder="${1:-.}"
  find "$folder" -maxdepth 1 -type f -print | sort
}

SNAKE "$@\"""",
    "html": """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>TITLE</title>
  </head>
  <body>
    <h1>TITLE</h1>
    <p>Put your own words here.</p>
  </body>
</html>""",
    "css": """/* TITLE */
.SNAKE {
  display: grid;
  gap: 1rem;
  max-width: 40rem;
  margin-inline: auto;
}""",
    "rust": """// TITLE
fn SNAKE(items: &[&str]) -> Vec<String> {
    items
        .iter()
        .filter(|item| !item.is_empty()) // put your rule here
        .map(|item| item.to_string())
        .collect()
}

fn main() {
    println!("{:?}", SNAKE(&["first", "", "second"]));
}""",
    "go": """package main

import "fmt"

// CAMEL: a frame for a rule of your own.
func CAMEL(items []string) []string {
	var kept []string
	for _, item := range items {
		if item != "" { // put your rule here
			kept = append(kept, item)
		}
	}
	return kept
}

func main() {
	fmt.Println(CAMEL([]string{"first", "", "second"}))
}""",
    "java": """import java.util.List;

class PASCAL {
    // TITLE: a frame for a rule of your own.
    static List<String> CAMEL(List<String> items) {
        return items.stream().filter(item -> !item.isBlank()).toList();
    }

    public static void main(String[] arguments) {
        System.out.println(CAMEL(List.of("first", "", "second")));
    }
}""",
    "c": """#include <stdio.h>

/* TITLE: a frame for a rule of your own. */
static int SNAKE(const char *items[], int length) {
    int kept = 0;
    for (int i = 0; i < length; i++) {
        if (items[i][0] != '\\0') kept++; /* put your rule here */
    }
    return kept;
}

int main(void) {
    const char *items[] = {"first", "", "second"};
    printf("%d\\n", SNAKE(items, 3));
    return 0;
}""",
    "cpp": """#include <iostream>
#include <string>
#include <vector>

// TITLE: a frame for a rule of your own.
std::vector<std::string> SNAKE(const std::vector<std::string>& items) {
    std::vector<std::string> kept;
    for (const auto& item : items) {
        if (!item.empty()) kept.push_back(item);  // put your rule here
    }
    return kept;
}

int main() {
    for (const auto& item : SNAKE({"first", "", "second"})) std::cout << item << "\\n";
}""",
    "csharp": """using System;
using System.Linq;

// TITLE: a frame for a rule of your own.
string[] PASCAL(string[] items) => items.Where(item => item.Length > 0).ToArray();

Console.WriteLine(string.Join(", ", PASCAL(new[] { "first", "", "second" })));""",
    "ruby": """# TITLE: a frame for a rule of your own.
def SNAKE(items)
  items.map(&:strip).reject(&:empty?) # put your rule here
end

p SNAKE(["first", "", "second"])""",
    "php": """<?php
// TITLE: a frame for a rule of your own.
function SNAKE(array $items): array {
    return array_values(array_filter($items, fn ($item) => trim($item) !== ''));
}

print_r(SNAKE(['first', '', 'second']));""",
}

KNOWN: tuple[tuple[str, dict[str, str]], ...] = (
    (
        r"\bhello,? world\b",
        {
            "python": 'print("Hello, world!")',
            "javascript": 'console.log("Hello, world!");',
            "bash": 'echo "Hello, world!"',
            "ruby": 'puts "Hello, world!"',
        },
    ),
    (
        r"\brevers(?:e|es|ing)\b",
        {
            "python": '''def reverse(text: str) -> str:
    """Return the text from its last letter to its first."""
    return text[::-1]


print(reverse("playground"))  # dnuorgyalp''',
            "javascript": """function reverse(text) {
  return [...text].reverse().join("");
}

console.log(reverse("playground")); // dnuorgyalp""",
        },
    ),
    (
        r"\bfibonacci\b",
        {
            "python": '''def fibonacci(count: int) -> list[int]:
    """Return the first numbers of the Fibonacci sequence."""
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))  # [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]''',
            "javascript": """function fibonacci(count) {
  const numbers = [0, 1];
  while (numbers.length < count) {
    numbers.push(numbers.at(-1) + numbers.at(-2));
  }
  return numbers.slice(0, count);
}

console.log(fibonacci(10));""",
        },
    ),
    (
        r"\bfactorial\b",
        {
            "python": '''def factorial(number: int) -> int:
    """Return 1 * 2 * … * number."""
    product = 1
    for factor in range(2, number + 1):
        product *= factor
    return product


print(factorial(5))  # 120''',
            "javascript": """function factorial(number) {
  let product = 1;
  for (let factor = 2; factor <= number; factor++) product *= factor;
  return product;
}

console.log(factorial(5)); // 120""",
        },
    ),
    (
        r"\bprimes?\b",
        {
            "python": '''def is_prime(number: int) -> bool:
    """Return whether a whole number has exactly two divisors."""
    if number < 2:
        return False
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


print([number for number in range(30) if is_prime(number)])''',
            "javascript": """function isPrime(number) {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}

console.log([2, 9, 13, 21].filter(isPrime)); // [2, 13]""",
        },
    ),
    (
        r"\bfizz ?buzz\b",
        {
            "python": """for number in range(1, 16):
    word = "Fizz" * (number % 3 == 0) + "Buzz" * (number % 5 == 0)
    print(word or number)""",
            "javascript": """for (let number = 1; number <= 15; number++) {
  const word = (number % 3 ? "" : "Fizz") + (number % 5 ? "" : "Buzz");
  console.log(word || number);
}""",
        },
    ),
    (
        r"\bpalindromes?\b",
        {
            "python": '''def is_palindrome(text: str) -> bool:
    """Return whether a text reads the same in both directions."""
    letters = [letter for letter in text.casefold() if letter.isalnum()]
    return letters == letters[::-1]


print(is_palindrome("Never odd or even"))  # True''',
            "javascript": """function isPalindrome(text) {
  const letters = [...text.toLowerCase()].filter((letter) => /[a-z0-9]/.test(letter));
  return letters.join("") === letters.reverse().join("");
}

console.log(isPalindrome("Never odd or even")); // true""",
        },
    ),
    (
        r"\bvowels?\b",
        {
            "python": '''def count_vowels(text: str) -> int:
    """Return how many of a text's letters are vowels."""
    return sum(letter in "aeiou" for letter in text.casefold())


print(count_vowels("playground"))  # 3''',
        },
    ),
    (
        r"\bsort",
        {
            "python": '''def sort_words(words: list[str]) -> list[str]:
    """Return the words from A to Z, capitals beside small letters."""
    return sorted(words, key=str.casefold)


print(sort_words(["pear", "Apple", "fig"]))  # ['Apple', 'fig', 'pear']''',
            "javascript": """function sortWords(words) {
  return [...words].sort((a, b) => a.localeCompare(b));
}

console.log(sortWords(["pear", "Apple", "fig"]));""",
        },
    ),
)
