"""A probe of general ability: passages about anything but health, on which a fine-tuned model may have got worse.

Written for this purpose, so that no fine-tuning has seen them. What counts is the loss before and after, never the value alone.
"""

PASSAGES = (
    (
        "The train to the coast leaves at eight in the morning.",
        "Whoever misses it can take the next one two hours later.",
    ),
    (
        "A river begins as a small stream in the mountains.",
        "Other streams join it, and it grows wider until it reaches the sea.",
    ),
    (
        "To make bread you need flour, water, salt and yeast.",
        "The dough has to rest in a warm place before it goes into the oven.",
    ),
    (
        "The library lends books for four weeks.",
        "If nobody else is waiting for a book, you may keep it for another four.",
    ),
    (
        "The first bridge across the bay was made of wood.",
        "It burned down in a single night, and the town built a new one of stone.",
    ),
    ("Bees visit flowers in order to collect nectar.", "On their way they carry pollen from one plant to the next."),
    ("The moon takes about a month to go around the earth.", "We always see the same side of it."),
    ("Our team lost the first three games of the season.", "After that it won every match and finished in second place."),
    ("Please close the windows before you leave the office.", "The last person to go also turns off the lights."),
    ("Gold is soft and does not rust.", "That is why people have used it for coins and rings for thousands of years."),
    (
        "The museum is free on the first Sunday of each month.",
        "On other days a ticket costs nine euros, and children pay half.",
    ),
    ("In winter the lake freezes over.", "Children skate on it after school, and fishermen cut holes into the ice."),
    ("The old clock in the tower stopped many years ago.", "It shows the right time twice a day."),
    ("He wrote the letter by hand and put it into a blue envelope.", "It arrived a week later, on a rainy afternoon."),
    ("A computer follows its instructions one after the other.", "If one of them is wrong, the result is wrong as well."),
    ("The farmer sold his apples at the market.", "With the money he bought seeds, a new spade and a pair of boots."),
    ("Water boils at a lower temperature on a high mountain.", "The higher you climb, the longer the potatoes need."),
    ("The orchestra played the symphony without a break.", "When the last note had faded, nobody moved for a while."),
    (
        "The contract ends on the last day of March.",
        "Either party may end it earlier if it gives three months' notice in writing.",
    ),
    (
        "Many birds fly south in autumn.",
        "They come back in spring and build their nests where they built them the year before.",
    ),
    ("The road to the village is narrow and steep.", "Two cars can pass each other only where it has been made wider."),
    (
        "Chess is played on a board of sixty-four squares.",
        "Each side begins with sixteen pieces, and white makes the first move.",
    ),
    (
        "The school teaches three languages.",
        "In the last year the pupils choose one of them and write a long essay in it.",
    ),
    ("She repaired the bicycle herself.", "The chain was new, but the brakes still came from her grandfather's."),
)
"""(beginning, how it goes on)."""
