"""The words that a prompt is read by: what each stands for in a picture, as data."""

SETTINGS = {
    "mountains": "mountain mountains peak peaks alps alpine cliff cliffs glacier canyon himalaya"
    " volcano summit ridge",
    "meadow": "meadow field fields hill hills valley farm garden countryside park grass lawn"
    " village vineyard spring prairie landscape road",
    "forest": "forest woods wood jungle woodland trees rainforest grove bamboo redwood",
    "ocean": "ocean sea beach coast harbor harbour lake wave waves island shore river bay surf"
    " sailing lagoon water",
    "underwater": "underwater reef coral aquarium submarine abyss",
    "desert": "desert dune dunes sahara egypt pyramid pyramids oasis savanna safari",
    "city": "city street skyline downtown tokyo york paris london skyscraper skyscrapers urban"
    " cyberpunk alley town metropolis building buildings rooftop shibuya",
    "space": "space galaxy cosmos nebula orbit universe cosmic interstellar stars",
    "room": "room kitchen desk table studio interior cafe shelf still indoors product wooden"
    " bottle perfume portrait headshot food dessert breakfast dinner lunch",
    "abstract": "abstract geometric pattern gradient fractal minimalist bauhaus shapes wallpaper"
    " texture logo icon mandala isometric marble psychedelic generative",
}

LIGHTS = {
    "sunset": "sunset dusk golden evening twilight sundown",
    "dawn": "dawn sunrise morning pastel soft dreamy spring",
    "night": "night midnight moon moonlit moonlight starry dark nocturnal halloween stars",
    "storm": "storm stormy thunder lightning tempest dramatic thunderstorm",
    "mist": "mist misty fog foggy overcast cloudy rain rainy haze",
    "neon": "neon cyberpunk synthwave vaporwave retrowave cyber glowing hologram",
    "day": "day noon sunny bright summer daylight clear",
    "aurora": "aurora northern",
}

WEATHERS = {
    "snow": "snow snowy winter snowfall blizzard snowing christmas ice icy frozen arctic",
    "rain": "rain rainy raining storm stormy downpour thunderstorm monsoon drizzle",
    "leaves": "autumn fall leaves autumnal october",
    "petals": "petals blossom blossoms sakura cherry",
    "sparks": "fireflies firefly magic magical sparks embers fire fairy enchanted bokeh",
    "bubbles": "bubbles underwater",
}

MEDIA = {
    "watercolour": "watercolor watercolour gouache aquarelle wash painting painted",
    "pencil": "pencil sketch drawing charcoal graphite sketched lineart etching",
    "pixels": "pixel pixelart pixels voxel retro8 bit 8bit 16bit",
    "neon": "neon glowing synthwave vaporwave cyberpunk",
    "noir": "noir monochrome grayscale greyscale blackandwhite",
    "film": "vintage retro polaroid kodak analog film sepia nostalgic",
}

COLOURS = {
    "red": "#d13f3a",
    "crimson": "#b3203c",
    "scarlet": "#d8322c",
    "orange": "#ea8232",
    "amber": "#eda93a",
    "yellow": "#f3cb45",
    "gold": "#dcae45",
    "golden": "#dcae45",
    "green": "#4f9a55",
    "emerald": "#1f8f6a",
    "olive": "#85883f",
    "mint": "#8fd3b4",
    "teal": "#2a8d8f",
    "turquoise": "#3bb8b4",
    "cyan": "#43bfd6",
    "blue": "#3a6fc2",
    "navy": "#26396e",
    "indigo": "#4a4aa0",
    "purple": "#7e4fa8",
    "violet": "#8a5cc4",
    "lavender": "#b49ad8",
    "magenta": "#c83c94",
    "pink": "#ea8aa9",
    "rose": "#d9647f",
    "brown": "#86593c",
    "beige": "#d9c6a4",
    "black": "#2b2a33",
    "white": "#f2efe8",
    "grey": "#8d9199",
    "gray": "#8d9199",
    "silver": "#b9c0c8",
}

LAND_COLOURS_NOT = ("black", "white", "grey", "gray", "silver", "golden", "gold", "beige")
"""Colours that say something of a thing, but would make a dull picture of a whole landscape."""

NUMBERS = {
    "two": 2,
    "pair": 2,
    "couple": 2,
    "three": 3,
    "four": 4,
    "several": 4,
    "many": 5,
    "five": 5,
    "flock": 5,
    "herd": 4,
    "fleet": 4,
    "school": 5,
}
