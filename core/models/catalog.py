"""The curated models, as data: what each is good for, and which of its settings to show first.

The names of settings are those of the models' own schemas (March 2026).
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "video", "chat", "audio", "other"]
"""What a model makes, as far as the page tells models apart."""


@dataclass(frozen=True)
class CatalogModel:
    """A model that the page offers.

    Attributes:
        id: `owner/name`.
        blurb: one line on what it is good for.
        example: a prompt, or a question, that shows it.
        settings: the two or three that are shown first.
        start_image: the setting that takes a clip's first frame, or None.
    """

    id: str
    title: str
    kind: Kind
    blurb: str
    example: str
    settings: tuple[str, ...] = ()
    start_image: str | None = None


def models_of(kind: Kind) -> tuple[CatalogModel, ...]:
    """Return the curated models of a kind, the one to begin with first."""
    return tuple(model for model in CATALOG if model.kind == kind)


def find(model: str) -> CatalogModel | None:
    """Return the curated model that `owner/name` or `owner/name:version` means, if it is one."""
    return _BY_ID.get(model.partition(":")[0])


_IMAGES = (
    CatalogModel(
        id="black-forest-labs/flux-schnell",
        title="FLUX Schnell",
        kind="image",
        blurb="Sketches ideas in seconds, up to four at a time.",
        example="A red fox asleep in a snowy birch forest, first morning light, loose watercolour",
        settings=("aspect_ratio", "num_outputs", "seed"),
    ),
    CatalogModel(
        id="black-forest-labs/flux-1.1-pro",
        title="FLUX 1.1 Pro",
        kind="image",
        blurb="A reliable all-rounder for polished, varied pictures.",
        example=(
            "A white lighthouse on black cliffs at golden hour, tall waves below, cinematic "
            "wide shot"
        ),
        settings=("aspect_ratio", "output_format", "seed"),
    ),
    CatalogModel(
        id="black-forest-labs/flux-2-flex",
        title="FLUX 2 Flex",
        kind="image",
        blurb="For control: choose steps and guidance, and start from up to ten images.",
        example=(
            "Product photo of a teal ceramic cup on an oak desk, light from a window on the "
            "left, an open book out of focus behind it"
        ),
        settings=("aspect_ratio", "resolution", "steps"),
    ),
    CatalogModel(
        id="google/nano-banana-2",
        title="Nano Banana 2",
        kind="image",
        blurb="Edits and combines pictures by conversation; up to 4K.",
        example=(
            "A cutaway of a three-storey bakery in isometric view, every room labelled by "
            "hand, as in a children's encyclopedia"
        ),
        settings=("aspect_ratio", "resolution", "output_format"),
    ),
    CatalogModel(
        id="bytedance/seedream-4.5",
        title="Seedream 4.5",
        kind="image",
        blurb="Large, detailed pictures at 2K and 4K, also as a series.",
        example=(
            "A night market along a canal in the rain, hundreds of paper lanterns mirrored in "
            "the water, seen from a rooftop, every stall in sharp detail"
        ),
        settings=("aspect_ratio", "size", "max_images"),
    ),
    CatalogModel(
        id="ideogram-ai/ideogram-v3-turbo",
        title="Ideogram 3 Turbo",
        kind="image",
        blurb="Posters, logos and anything with words in it, quickly.",
        example=(
            "A screen-printed poster for a jazz night: a double bass and a crescent moon in "
            'two colours, with the words "BLUE HOUR" in tall letters'
        ),
        settings=("aspect_ratio", "style_type", "seed"),
    ),
    CatalogModel(
        id="recraft-ai/recraft-v4",
        title="Recraft 4",
        kind="image",
        blurb="Design work: clean composition and a sure hand for layout.",
        example=(
            "A set of six icons for a gardening app: seed, sprout, sun, rain, spade and "
            "harvest, flat shapes on one grid, three earthy colours"
        ),
        settings=("aspect_ratio", "size"),
    ),
    CatalogModel(
        id="qwen/qwen-image",
        title="Qwen Image",
        kind="image",
        blurb="Long texts inside a picture, in Chinese as well as English.",
        example=(
            "一张茶馆海报：雾中的水墨山水，上方大字写着“春风送茶香”，右下角小字写着“每日上午九点开门，周一休息”"
        ),
        settings=("aspect_ratio", "num_inference_steps", "seed"),
    ),
)

_VIDEOS = (
    CatalogModel(
        id="kwaivgi/kling-v2.5-turbo-pro",
        title="Kling 2.5 Turbo Pro",
        kind="video",
        blurb="Smooth motion and camera work; five or ten seconds.",
        example=(
            "The camera glides low over a coral reef, follows a sea turtle past a wall of "
            "yellow fish, then rises with it to the sunlit surface"
        ),
        settings=("aspect_ratio", "duration", "negative_prompt"),
        start_image="start_image",
    ),
    CatalogModel(
        id="google/veo-3.1",
        title="Veo 3.1",
        kind="video",
        blurb="Clips in 1080p with sound that fits, speech included.",
        example=(
            "At dusk in a small harbour a grey-haired fisherwoman ties up her boat, looks up "
            'and says: "The sea was kind today." Gulls, rope creaking, water lapping'
        ),
        settings=("aspect_ratio", "duration", "resolution"),
        start_image="image",
    ),
    CatalogModel(
        id="wan-video/wan-2.7-t2v",
        title="Wan 2.7",
        kind="video",
        blurb="From text alone, two to fifteen seconds, in time with your own sound.",
        example=(
            "A steam train crosses a stone viaduct in falling snow, filmed from the side, its "
            "windows lighting up one by one to the beat of the wheels"
        ),
        settings=("aspect_ratio", "duration", "resolution"),
    ),
    CatalogModel(
        id="minimax/hailuo-2.3",
        title="Hailuo 2.3",
        kind="video",
        blurb="People that move and look real; six or ten seconds.",
        example=(
            "A young woman in a yellow raincoat laughs and spins on a crowded street corner in "
            "the rain, her umbrella turning inside out, handheld close-up"
        ),
        settings=("duration", "resolution"),
        start_image="first_frame_image",
    ),
    CatalogModel(
        id="bytedance/seedance-2.5",
        title="Seedance 2.5",
        kind="video",
        blurb="Scenes of up to thirty seconds, led by reference images, clips and sounds.",
        example=(
            "Three shots. Dawn: hot-air balloons are filled on a meadow. They lift off over a "
            "valley of mist. From a basket: the shadow of the balloon runs over the hills"
        ),
        settings=("aspect_ratio", "duration", "resolution"),
        start_image="image",
    ),
    CatalogModel(
        id="luma/ray",
        title="Luma Ray",
        kind="video",
        blurb="Dreamlike short clips that can loop.",
        example=(
            "A whale swims slowly through pink evening clouds over a sleeping city, feathers "
            "of light drifting past, a seamless loop"
        ),
        settings=("aspect_ratio", "loop"),
        start_image="start_image",
    ),
)

_CHATS = (
    CatalogModel(
        id="meta/meta-llama-3-70b-instruct",
        title="Llama 3 70B",
        kind="chat",
        blurb="An open model for everyday questions.",
        example="What should I look at before I buy a used bicycle, and in which order?",
        settings=("temperature", "max_tokens"),
    ),
    CatalogModel(
        id="meta/meta-llama-3-8b-instruct",
        title="Llama 3 8B",
        kind="chat",
        blurb="The small, quick and cheap one.",
        example="Give me five names for a small bakery by the sea.",
        settings=("temperature", "max_tokens"),
    ),
    CatalogModel(
        id="anthropic/claude-4.5-sonnet",
        title="Claude 4.5 Sonnet",
        kind="chat",
        blurb="Careful writing, code and long documents; looks at an image too.",
        example=(
            "Rewrite this so that it is kind and still clear: “Your report is late again, half "
            "of it is missing, and I had to explain that to the client.”"
        ),
        settings=("system_prompt", "max_tokens"),
    ),
    CatalogModel(
        id="openai/gpt-5.2",
        title="GPT-5.2",
        kind="chat",
        blurb="Hard questions: it can think longer before it answers.",
        example=(
            "Five friends have one car, three days and very different budgets. Compare the "
            "mountains with the coast, and say what would change your mind."
        ),
        settings=("system_prompt", "reasoning_effort", "verbosity"),
    ),
    CatalogModel(
        id="google/gemini-2.5-flash",
        title="Gemini 2.5 Flash",
        kind="chat",
        blurb="Fast answers about text, images and clips.",
        example="Why does my bread rise nicely and then fall flat in the oven?",
        settings=("system_instruction", "temperature", "max_output_tokens"),
    ),
    CatalogModel(
        id="deepseek-ai/deepseek-r1",
        title="DeepSeek R1",
        kind="chat",
        blurb="Shows how it reasons; good at mathematics and code.",
        example=(
            "With how many zeros does 100! end, and how can one see it without working the "
            "number out?"
        ),
        settings=("temperature", "max_tokens"),
    ),
)

CATALOG: tuple[CatalogModel, ...] = (*_IMAGES, *_VIDEOS, *_CHATS)

_BY_ID = {model.id: model for model in CATALOG}
