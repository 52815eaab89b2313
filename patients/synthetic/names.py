"""Names for people who do not exist, mixed from many parts of the world."""

from patients.synthetic.chance import Chance

FEMALE = (
    "Adaeze Aisha Alma Amara Ana Anneke Beatriz Carmen Chiara Clara Daniela Elena Elif Esther Fatima "
    "Freya Grace Hana Helen Imani Ingrid Irina Isabel Jaya Joan Katarina Keiko Laila Leilani Linh "
    "Lucia Maeve Magdalena Marisol Mei Miriam Nadia Naomi Noor Olga Paloma Priya Ramona Rosa Ruth "
    "Sanna Saoirse Shirin Sofia Sunita Tamara Teresa Thandi Ursula Valentina Vera Wanda Yara Yuki Zofia"
).split()
MALE = (
    "Abel Ahmed Alejandro Anders Arjun Benedikt Bilal Bruno Carlos Cedric Chidi Daniel Dario Dmitri "
    "Eamon Elias Emeka Enzo Ferenc Gabriel Goran Hamid Haruto Henrik Hugo Ibrahim Ivan Jamal Jorge "
    "Kofi Kwame Lars Leon Luca Malik Marek Mateo Mikael Minh Nikolai Noah Omar Oscar Pavel Rafael "
    "Rajiv Ravi Ruben Samuel Sergio Stefan Tariq Tomas Victor Walter Wei Xavier Yusuf Zoltan Zeki"
).split()
FAMILY = (
    "Abara Adeyemi Almeida Andersson Aoki Aquino Barros Bauer Bianchi Boateng Brandt Byrne Castillo "
    "Chaudhry Cohen Cruz Dalgaard Delacroix Diallo Dubois Eriksen Farouk Fischer Fontana Galvan Gomes "
    "Grabowski Guerrero Haddad Hartmann Horvat Ito Iyer Jansen Kaplan Kaur Keller Kimura Kovacs Lam "
    "Larsen Leclerc Lindqvist Lopes Mahmoud Marchetti Mbeki Mendoza Moreau Nakamura Ndiaye Nguyen "
    "Novak Okafor Okonkwo Oliveira Osman Pappas Park Patel Petrov Quispe Rahman Ramos Reyes Rossi "
    "Salazar Sato Schneider Sharma Silva Sokolov Tanaka Teixeira Tran Uddin Valdez Vasquez Virtanen "
    "Weber Whitlock Winther Yilmaz Zapata Zhang Zielinski"
).split()
TOWNS = ("Larkfield", "Easton Mills", "Port Calder", "Brookhaven Falls", "Marlow Heights")


def full_name(sex: str, chance: Chance) -> tuple[list[str], str]:
    """Given names and family name; the second given name keeps namesakes apart."""
    pool = FEMALE if sex == "female" else MALE
    first, second = chance.pick(pool), chance.pick(pool)
    return [first] if first == second else [first, second], chance.pick(FAMILY)
