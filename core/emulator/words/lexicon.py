"""The few facts and phrases that the demo knows by heart."""

THINGS = {
    group: tuple(members.split(", "))
    for group, members in {
        "animals": "fox, otter, heron, badger, lynx, whale, hare, owl, tortoise, seal",
        "birds": "robin, kingfisher, swift, owl, wren, crane, puffin, jay, lark, heron",
        "cities": "Lisbon, Kyoto, Nairobi, Montréal, Oslo, Lima, Hanoi, Kraków, Accra, Wellington",
        "colors": "red, orange, yellow, green, blue, violet, teal, crimson, ochre, indigo",
        "continents": "Africa, Antarctica, Asia, Europe, North America, Oceania, South America",
        "countries": "Portugal, Japan, Kenya, Canada, Norway, Peru, Vietnam, Poland, Ghana, Chile",
        "flowers": "rose, tulip, iris, daisy, peony, lily, violet, poppy, aster, cornflower",
        "fruits": "apple, pear, plum, mango, cherry, fig, orange, banana, quince, lime",
        "instruments": "violin, cello, flute, oboe, piano, harp, trumpet, drum, lute, clarinet",
        "languages": "Spanish, Swahili, Hindi, Portuguese, Korean, Finnish, Arabic, Welsh, Thai",
        "months": "January, February, March, April, May, June, July, August, September, October, "
        "November, December",
        "mountains": "Everest, K2, Denali, Kilimanjaro, Elbrus, Aconcagua, Mont Blanc, Fuji",
        "oceans": "Pacific, Atlantic, Indian, Southern, Arctic",
        "planets": "Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune",
        "programming languages": "Python, Rust, Go, Kotlin, Haskell, Ruby, Julia, C, Lua, Swift",
        "rivers": "Nile, Amazon, Yangtze, Danube, Mississippi, Mekong, Volga, Niger, Rhine",
        "seasons": "spring, summer, autumn, winter",
        "trees": "oak, beech, birch, maple, cedar, willow, larch, ash, yew, elm",
        "vegetables": "carrot, leek, kale, beet, pea, spinach, fennel, turnip, onion, radish",
        "winds": "mistral, sirocco, bora, chinook, föhn, harmattan, levant, tramontana",
    }.items()
}
"""Members of some well-known groups, by the group's plural."""

SAME_GROUP = {"colours": "colors", "musical instruments": "instruments", "fruit": "fruits"}

CAPITALS = {
    "austria": "Vienna",
    "switzerland": "Bern",
    "poland": "Warsaw",
    "england": "London",
    "the united kingdom": "London",
    "the uk": "London",
    "ireland": "Dublin",
    "sweden": "Stockholm",
    "norway": "Oslo",
    "denmark": "Copenhagen",
    "finland": "Helsinki",
    "greece": "Athens",
    "belgium": "Brussels",
    "the netherlands": "Amsterdam",
    "japan": "Tokyo",
    "china": "Beijing",
    "india": "New Delhi",
    "canada": "Ottawa",
    "australia": "Canberra",
    "the united states": "Washington, D.C.",
    "the usa": "Washington, D.C.",
    "mexico": "Mexico City",
    "brazil": "Brasília",
    "argentina": "Buenos Aires",
    "egypt": "Cairo",
    "kenya": "Nairobi",
    "ukraine": "Kyiv",
    "turkey": "Ankara",
    "south korea": "Seoul",
    "peru": "Lima",
}
"""Capitals by country, in small letters as the question is read."""

NAMES = (
    *("Maple", "Juniper", "Biscuit", "Pepper", "Clover", "Ziggy"),
    *("Olive", "Waffles", "Comet", "Hazel", "Nimbus", "Poppy"),
    *("Rusty", "Saffron", "Domino", "Willow", "Pixel", "Marlow"),
)
"""Names for pets, boats and other company."""

JOKES = (
    "Why did the loading bar go to school? It wanted to make progress.",
    "I asked my keyboard for an answer. It said it was out of its control.",
    "Why don't lists ever get lost? They always know the next point.",
    "A semicolon walks into a bar; the party goes on.",
    "I would tell you a joke about an empty string, but there is nothing to it.",
)
